import Flow
import Foundation
import Kernels
import Tensor

/// Initial biases for digits, which bring every pixel to mean 0 and scale 1 on real images.
///
/// After Kingma & Dhariwal 2018, "Glow". Without it the first thousand steps go into learning that most pixels of the
/// border never change.
enum DigitStart {
    private static let clamp = SoftClamp(alpha: FlowPlan.digitClamp)
    /// Largest log scale that one coupling is set to; its soft clamp ends at 1.
    private static let reach = 0.8
    /// Blocks whose biases are set: a pixel that holds only the noise of 0.08 needs a log scale of 2.5, a factor of 12.
    private static let blocks = 4

    /// Sets the biases of the last layers, whose weights must be zero.
    static func fit(_ parameters: Parameters, _ configuration: DigitConfiguration, pixels: Tensor) {
        let (count, half) = (pixels.shape[0], pixels.shape[1] / 2)
        // As the last layers' weights are zero, every column is scaled and shifted by itself, whatever the digit.
        var columns: [(mean: Double, deviation: Double)] = moments(pixels.values, rows: count)
        for block in 0..<min(blocks, configuration.blocks) {
            for (number, range) in [(2, 0..<half), (1, half..<2 * half)] {
                var bias = [Float](repeating: 0, count: 2 * half)
                for (index, column) in range.enumerated() {
                    let (mean, deviation) = columns[column]
                    let logScale = max(-reach, min(reach, -log(deviation + 1e-6)))
                    bias[index] = Float(clamp.inverse(logScale))
                    bias[half + index] = Float(-mean * exp(logScale))
                    columns[column] = (0, deviation * exp(logScale))
                }
                parameters["block.\(block).coefficients\(number).linear3.bias"].value = Tensor([2 * half], bias)
            }
            guard let permutation = parameters.permutations["block.\(block).permutation"] else { return }
            columns = permutation.map { columns[Int($0)] }
        }
    }

    private static func moments(_ values: [Float], rows: Int) -> [(mean: Double, deviation: Double)] {
        let width = values.count / rows
        return (0..<width).map { column in
            var (sum, squares) = (0.0, 0.0)
            for row in 0..<rows {
                let value = Double(values[row * width + column])
                sum += value
                squares += value * value
            }
            let mean = sum / Double(rows)
            return (mean, max(0, squares / Double(rows) - mean * mean).squareRoot())
        }
    }
}

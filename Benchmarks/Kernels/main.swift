// Times the layers of both presets: `swift run -c release kernels-benchmark [seconds per layer [name]]`.
import Foundation
import Kernels
import Tensor

/// A convolution of the network and the input it is given.
struct Layer {
    let name: String
    let batch: Int
    let inputs: Int
    let outputs: Int
    let size: Int
    let kernel: Int
    var stride = 1
    var dilation = 1
    var depthwise = false
    var transposed = false

    /// Floating-point operations of the direct method, in units of 10⁹.
    var work: Double {
        let pixels = Double(batch * size * size) / (transposed ? 1 : Double(stride * stride))
        return 2e-9 * pixels * Double((depthwise ? 1 : inputs) * outputs * kernel * kernel)
    }

    /// The layer with constant weights; speed does not depend on them.
    func make() -> (Tensor, Execution) -> Tensor {
        let shape = transposed ? [inputs, outputs, kernel, kernel] : [outputs, depthwise ? 1 : inputs, kernel, kernel]
        let count = shape.reduce(1, *)
        let weight = Tensor(shape, (0..<count).map { Float($0 % 17 - 8) / 64 })
        if transposed {
            let layer = TransposedConvolution(weight: weight, bias: nil, activation: .relu)
            return { layer($0, $1) }
        }
        let layer = Convolution(
            weight: weight, bias: nil, stride: stride, dilation: dilation,
            padding: .symmetric(dilation * (kernel / 2)), groups: depthwise ? inputs : 1, activation: .relu)
        return { layer($0, $1) }
    }
}

let layers = [
    Layer(name: "paper 1", batch: 1, inputs: 1, outputs: 64, size: 256, kernel: 3),
    Layer(name: "paper 2", batch: 1, inputs: 64, outputs: 64, size: 256, kernel: 3, stride: 2),
    Layer(name: "paper 3", batch: 1, inputs: 64, outputs: 128, size: 128, kernel: 3),
    Layer(name: "paper 4", batch: 1, inputs: 128, outputs: 128, size: 128, kernel: 3, stride: 2),
    Layer(name: "paper 5", batch: 1, inputs: 128, outputs: 256, size: 64, kernel: 3),
    Layer(name: "paper 6", batch: 1, inputs: 256, outputs: 256, size: 64, kernel: 3),
    Layer(name: "paper 7", batch: 1, inputs: 256, outputs: 256, size: 64, kernel: 3, stride: 2),
    Layer(name: "paper 8", batch: 1, inputs: 256, outputs: 512, size: 32, kernel: 3),
    Layer(name: "paper 9", batch: 1, inputs: 512, outputs: 512, size: 32, kernel: 3),
    Layer(name: "paper 12, dilated", batch: 1, inputs: 512, outputs: 512, size: 32, kernel: 3, dilation: 2),
    Layer(name: "paper up", batch: 1, inputs: 512, outputs: 256, size: 32, kernel: 4, stride: 2, transposed: true),
    Layer(name: "heads, stacked", batch: 1, inputs: 256, outputs: 2432, size: 64, kernel: 3, stride: 2),
    Layer(name: "level 1 in", batch: 8, inputs: 1, outputs: 32, size: 64, kernel: 3),
    Layer(name: "level 1", batch: 8, inputs: 32, outputs: 32, size: 64, kernel: 3),
    Layer(name: "level 1 out", batch: 8, inputs: 32, outputs: 2, size: 64, kernel: 3),
    Layer(name: "level 2 in", batch: 8, inputs: 4, outputs: 64, size: 32, kernel: 3),
    Layer(name: "level 2", batch: 8, inputs: 64, outputs: 64, size: 32, kernel: 3),
    Layer(name: "level 2 out", batch: 8, inputs: 64, outputs: 8, size: 32, kernel: 3),
    Layer(name: "level 2 plain", batch: 8, inputs: 64, outputs: 64, size: 32, kernel: 1),
    Layer(name: "level 3", batch: 8, inputs: 128, outputs: 128, size: 16, kernel: 3),
    Layer(name: "level 4", batch: 8, inputs: 256, outputs: 256, size: 8, kernel: 3),
    Layer(name: "level 4, 1 sample", batch: 1, inputs: 256, outputs: 256, size: 8, kernel: 3),
    Layer(name: "compact stem", batch: 1, inputs: 1, outputs: 32, size: 256, kernel: 3, stride: 2),
    Layer(name: "compact expand", batch: 1, inputs: 16, outputs: 96, size: 128, kernel: 1),
    Layer(
        name: "compact depthwise 3", batch: 1, inputs: 96, outputs: 96, size: 128, kernel: 3, stride: 2, depthwise: true
    ),
    Layer(name: "compact depthwise 5", batch: 1, inputs: 240, outputs: 240, size: 32, kernel: 5, depthwise: true),
    Layer(name: "compact project", batch: 1, inputs: 480, outputs: 112, size: 16, kernel: 1),
    Layer(name: "compact pyramid", batch: 1, inputs: 128, outputs: 128, size: 64, kernel: 3),
]

/// The shortest of the times that one call takes, in seconds, over about `seconds` of calls.
func time(_ seconds: Double, _ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    var (best, total) = (Double.infinity, 0.0)
    body()
    while total < seconds {
        let elapsed = clock.measure(body) / .seconds(1)
        best = min(best, elapsed)
        total += elapsed
    }
    return best
}

let name = CommandLine.arguments.dropFirst(2).first
let seconds = CommandLine.arguments.dropFirst().first.flatMap(Double.init) ?? 0.3
print("layer                  GFLOP    1 thread            2 threads      (direct-equivalent GFLOP/s)")
for layer in layers where name.map(layer.name.contains) ?? true {
    let run = layer.make()
    let input = Tensor(
        [layer.batch, layer.inputs, layer.size, layer.size],
        (0..<layer.batch * layer.inputs * layer.size * layer.size).map { Float($0 % 31 - 15) / 16 })
    let columns = [1, 2].map { threads -> String in
        let execution = Execution(threads: threads)
        let elapsed = time(seconds) { _ = run(input, execution) }
        return String(format: "%8.3f ms %6.0f", elapsed * 1000, layer.work / elapsed)
    }
    let label = layer.name.padding(toLength: 20, withPad: " ", startingAt: 0)
    print("\(label) \(String(format: "%7.3f", layer.work))  \(columns.joined(separator: "   "))")
}

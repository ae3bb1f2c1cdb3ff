import Kernels
import Tensor

/// A fixed orthogonal 1×1 convolution `y = R x`; its log-determinant is zero.
struct Rotation: Sendable {
    private let matrix: Tensor
    private let transposed: Tensor

    init(_ name: String, channels: Int, from weights: any Weights) throws(ModelError) {
        matrix = try weights.rotation(name, channels)
        let values = matrix.values
        transposed = Tensor(
            [channels, channels],
            (0..<channels).flatMap { i in (0..<channels).map { j in values[j * channels + i] } })
    }

    func forward(_ x: Tensor, _ execution: Execution) -> Tensor { Elementwise.rotate(x, matrix, execution) }
    func inverse(_ y: Tensor, _ execution: Execution) -> Tensor { Elementwise.rotate(y, transposed, execution) }
}

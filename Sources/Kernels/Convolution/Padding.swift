/// Zeros around an image, in pixels.
package struct Padding: Sendable, Equatable {
    package let top: Int
    package let left: Int
    package let bottom: Int
    package let right: Int

    /// Padding given side by side.
    package init(top: Int, left: Int, bottom: Int, right: Int) {
        precondition(min(top, left, bottom, right) >= 0, "padding cannot be negative")
        (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
    }

    /// The same padding on every side.
    package static func symmetric(_ amount: Int) -> Padding {
        Padding(top: amount, left: amount, bottom: amount, right: amount)
    }

    /// TensorFlow's SAME: the output has ⌈size / stride⌉ pixels, and an odd rest of padding goes below and right.
    ///
    /// `size` and `kernel` are (height, width); `kernel` is the extent after dilation.
    package static func same(size: (Int, Int), kernel: (Int, Int), stride: Int) -> Padding {
        func total(_ size: Int, _ kernel: Int) -> Int {
            max(0, ((size + stride - 1) / stride - 1) * stride + kernel - size)
        }
        let (vertical, horizontal) = (total(size.0, kernel.0), total(size.1, kernel.1))
        return Padding(
            top: vertical / 2, left: horizontal / 2,
            bottom: vertical - vertical / 2, right: horizontal - horizontal / 2)
    }
}

/// How a convolution pads its input.
package enum ConvolutionPadding: Sendable, Equatable {
    /// The same number of zeros on every side.
    case symmetric(Int)
    /// TensorFlow's SAME, which depends on the size of the input.
    case same
}

/// The extents of one convolution applied to one input size.
struct ConvolutionShape {
    let batch: Int
    let inputs: Int
    let outputs: Int
    let height: Int
    let width: Int
    let kernel: (height: Int, width: Int)
    let stride: Int
    let dilation: Int
    let padding: Padding
    let outputHeight: Int
    let outputWidth: Int

    var pixels: Int { outputHeight &* outputWidth }
    var outputShape: [Int] { [batch, outputs, outputHeight, outputWidth] }

    init(
        input: [Int], outputs: Int, kernel: (height: Int, width: Int), stride: Int, dilation: Int,
        padding: ConvolutionPadding
    ) {
        precondition(input.count == 4, "a convolution takes [N, C, H, W], not \(input)")
        (batch, inputs, height, width) = (input[0], input[1], input[2], input[3])
        (self.outputs, self.kernel, self.stride, self.dilation) = (outputs, kernel, stride, dilation)
        let extent = ((kernel.height - 1) * dilation + 1, (kernel.width - 1) * dilation + 1)
        switch padding {
        case .symmetric(let amount): self.padding = .symmetric(amount)
        case .same: self.padding = .same(size: (height, width), kernel: extent, stride: stride)
        }
        let spare = (
            height + self.padding.top + self.padding.bottom - extent.0,
            width + self.padding.left + self.padding.right - extent.1
        )
        precondition(spare.0 >= 0 && spare.1 >= 0, "kernel of \(extent) does not fit in input \(input)")
        outputHeight = spare.0 / stride + 1
        outputWidth = spare.1 / stride + 1
    }
}

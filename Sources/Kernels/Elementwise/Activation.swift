/// The function applied to each output of a layer.
package enum Activation: Sendable, Equatable {
    /// x
    case none
    /// max(x, 0)
    case relu
    /// min(max(x, 0), 6)
    case relu6
    /// x for x ≥ 0, else slope·x
    case leakyReLU(Float)

    /// The function in scalar form.
    package func callAsFunction(_ x: Float) -> Float {
        switch self {
        case .none: x
        case .relu: x < 0 ? 0 : x
        case .relu6: x < 0 ? 0 : (x > 6 ? 6 : x)
        case .leakyReLU(let slope): x < 0 ? x * slope : x
        }
    }
}

/// An activation as two numbers, so that inner loops need no branch: slope below zero, and an upper limit.
struct Clamp {
    let slope: Float
    let limit: Float

    init(_ activation: Activation) {
        switch activation {
        case .none: (slope, limit) = (1, .infinity)
        case .relu: (slope, limit) = (0, .infinity)
        case .relu6: (slope, limit) = (0, 6)
        case .leakyReLU(let slope): (self.slope, limit) = (slope, .infinity)
        }
    }

    /// NaN stays NaN, so that a broken network is seen and not hidden.
    @inline(__always)
    func callAsFunction(_ x: Vector) -> Vector {
        let bent = x.replacing(with: x * slope, where: x .< 0)
        return bent.replacing(with: Vector(repeating: limit), where: bent .> limit)
    }

    @inline(__always)
    func callAsFunction(_ x: SIMD4<Float>) -> SIMD4<Float> {
        let bent = x.replacing(with: x * slope, where: x .< 0)
        return bent.replacing(with: SIMD4(repeating: limit), where: bent .> limit)
    }

    @inline(__always)
    func callAsFunction(_ x: Float) -> Float {
        let bent = x < 0 ? x * slope : x
        return bent > limit ? limit : bent
    }
}

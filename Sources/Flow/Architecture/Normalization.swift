import Tensor

/// The scaling of CIE Lab that the paper's authors published: `L' = (L − 47.5)/25.6` and so on.
package enum Normalization {
    /// Scale of L: `L = L'·scale + offset`.
    package static let lightnessScale: Float = 25.6
    /// Offset of L.
    package static let lightnessOffset: Float = 47.5
    /// Scales of a and of b.
    package static let chromaScale: [Float] = [11.2, 16.8]
    /// Offsets of a and of b.
    package static let chromaOffset: [Float] = [2.4, 7.4]

    /// L in 0...100, any shape, to the network's input.
    package static func normalized(lightness: Tensor) -> Tensor {
        var result = lightness
        let count = result.count
        result.withUnsafeMutablePointer { base in
            for i in 0..<count { base[i] = (base[i] - lightnessOffset) / lightnessScale }
        }
        return result
    }

    /// a and b, [N, 2, H, W], to the flow's input.
    package static func normalized(chroma: Tensor) -> Tensor {
        eachChannel(chroma) { value, c in (value - chromaOffset[c]) / chromaScale[c] }
    }

    /// The flow's output, [N, 2, H, W], to a and b.
    package static func denormalized(chroma: Tensor) -> Tensor {
        eachChannel(chroma) { value, c in value * chromaScale[c] + chromaOffset[c] }
    }

    private static func eachChannel(_ chroma: Tensor, _ map: (Float, Int) -> Float) -> Tensor {
        precondition(chroma.shape.count == 4 && chroma.shape[1] == 2, "chroma of shape \(chroma.shape)")
        var result = chroma
        let size = chroma.channelSize
        result.withUnsafeMutablePointer { base in
            for plane in 0..<chroma.shape[0] * 2 {
                for i in plane * size..<(plane + 1) * size { base[i] = map(base[i], plane % 2) }
            }
        }
        return result
    }
}

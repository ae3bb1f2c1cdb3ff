import Tensor

/// Plain interpolation, as figures of merit are defined; the product's own upsampling follows edges instead.
package enum Upsampling {
    /// Bilinear enlargement with pixel centres aligned, borders repeated.
    ///
    /// - Parameter planes: [1, C, S, S].
    /// - Returns: [1, C, S·factor, S·factor].
    package static func bilinear(_ planes: Tensor, factor: Int) -> Tensor {
        let (channels, side) = (planes.shape[1], planes.shape[2])
        precondition(planes.shape == [1, channels, side, side], "expected square planes, not \(planes.shape)")
        precondition(factor > 0, "enlargement by \(factor)")
        let large = side * factor
        let taps = (0..<large).map { position -> (low: Int, high: Int, weight: Float) in
            let source = max(0, (Float(position) + 0.5) / Float(factor) - 0.5)
            let low = min(Int(source), side - 1)
            return (low, min(low + 1, side - 1), source - Float(low))
        }
        let values = planes.values
        var result = [Float](repeating: 0, count: channels * large * large)
        for channel in 0..<channels {
            for y in 0..<large {
                let vertical = taps[y]
                let upper = (channel * side + vertical.low) * side
                let lower = (channel * side + vertical.high) * side
                for x in 0..<large {
                    let t = taps[x]
                    let top = values[upper + t.low] * (1 - t.weight) + values[upper + t.high] * t.weight
                    let bottom = values[lower + t.low] * (1 - t.weight) + values[lower + t.high] * t.weight
                    result[(channel * large + y) * large + x] = top * (1 - vertical.weight) + bottom * vertical.weight
                }
            }
        }
        return Tensor([1, channels, large, large], result)
    }
}

import Tensor

/// Batch normalisation with fixed statistics: `y = scale·x + shift` for each channel.
struct BatchNorm: Sendable {
    let scale: [Float]
    let shift: [Float]

    init(_ name: String, channels: Int, epsilon: Double = 1e-5, from weights: any Weights) throws(ModelError) {
        let weight = try weights.tensor("\(name).weight", [channels]).values
        let bias = try weights.tensor("\(name).bias", [channels]).values
        let mean = try weights.tensor("\(name).running_mean", [channels]).values
        let variance = try weights.tensor("\(name).running_var", [channels]).values
        let factors = (0..<channels).map { Double(weight[$0]) / (Double(variance[$0]) + epsilon).squareRoot() }
        scale = factors.map(Float.init)
        shift = (0..<channels).map { Float(Double(bias[$0]) - Double(mean[$0]) * factors[$0]) }
    }

    /// The filters and the bias of a convolution that this follows directly, with this folded in, which is exact.
    func folded(into filters: Tensor, bias: [Float]? = nil) -> (filters: Tensor, bias: [Float]) {
        var filters = filters
        let size = filters.count / scale.count
        filters.withUnsafeMutablePointer { base in
            for (o, factor) in scale.enumerated() {
                for i in o * size..<(o + 1) * size { base[i] *= factor }
            }
        }
        guard let bias else { return (filters, shift) }
        return (filters, scale.indices.map { bias[$0] * scale[$0] + shift[$0] })
    }
}

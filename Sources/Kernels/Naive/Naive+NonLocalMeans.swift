import Foundation
import Tensor

extension Naive {
    /// The means of `NonLocalMeans`, of planes `[S, C, H, W]` by features `[N, F, H, W]` of one image or of each.
    package static func nonLocalMeans(_ x: Tensor, features: Tensor, bandwidth: Double, reach: Double) -> Tensor {
        let (channels, height, width) = (features.shape[1], features.shape[2], features.shape[3])
        let places = height * width
        let (f, values) = (features.values.map(Double.init), x.values)
        let planes = x.shape[0] * x.shape[1]
        var result = [Float](repeating: 0, count: x.count)
        for plane in 0..<planes {
            let image = features.shape[0] == 1 ? 0 : plane / x.shape[1]
            let own = f[image * channels * places..<(image + 1) * channels * places]
            let mean = own.reduce(0) { $0 + $1 * $1 } / Double(own.count)
            for i in 0..<places {
                var (sum, total) = (0.0, 0.0)
                for j in 0..<places {
                    let apart = (0..<channels).reduce(0.0) { sum, c in
                        let difference = own[own.startIndex + c * places + i] - own[own.startIndex + c * places + j]
                        return sum + difference * difference
                    }
                    let rows = Double(i / width - j / width) / Double(height)
                    let columns = Double(i % width - j % width) / Double(width)
                    let likeness = mean > 0 ? apart / Double(channels) / mean / (2 * bandwidth * bandwidth) : 0
                    let weight = exp(-likeness - (rows * rows + columns * columns) / (2 * reach * reach))
                    total += weight
                    sum += weight * Double(values[plane * places + j])
                }
                result[plane * places + i] = Float(sum / total)
            }
        }
        return Tensor(x.shape, result)
    }
}

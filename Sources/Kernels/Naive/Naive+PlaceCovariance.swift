import Foundation
import Tensor

extension Naive {
    /// `PlaceCovariance` between two places, by channel and channel.
    package static func placeCovariance(
        _ p: Int, _ q: Int, features: [Tensor], terms: [PlaceCovariance.Term], deviations: Tensor, taper: [Float],
        objects: Tensor
    ) -> [[Double]] {
        let places = deviations.shape[2]
        func value(_ tensor: Tensor, _ line: Int, _ place: Int) -> Double {
            Double(tensor.values[line * places + place])
        }
        let apart = features.map { kind in
            (0..<kind.shape[0]).reduce(0.0) { sum, f in
                let difference = value(kind, f, p) - value(kind, f, q)
                return sum + difference * difference
            }
        }
        func likeness(_ rates: [Float]) -> Double { exp(-zip(rates, apart).reduce(0) { $0 + Double($1.0) * $1.1 }) }
        return (0..<2).map { c in
            (0..<2).map { d in
                let own =
                    c == d
                    ? terms.reduce(0) { $0 + value($1.scales, c, p) * value($1.scales, d, q) * likeness($1.rates) } : 0
                let drawn = (0..<deviations.shape[0]).reduce(0) {
                    $0 + value(deviations, 2 * $1 + c, p) * value(deviations, 2 * $1 + d, q)
                }
                let object =
                    c == d
                    ? (0..<objects.shape[0]).reduce(0) { $0 + value(objects, $1, p) * value(objects, $1, q) } : 0
                return own + object + likeness(taper) * drawn
            }
        }
    }
}

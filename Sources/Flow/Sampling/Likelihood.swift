import Foundation
import Tensor

/// Negative log-likelihood of each sample in nats per dimension: `(½‖z‖² − log|det J|)/d + ½ log 2π`.
///
/// `z` is [N, d]; `logDeterminant` holds log|det dz/dx| of each sample.
package func negativeLogLikelihood(_ z: Tensor, _ logDeterminant: [Double]) -> [Double] {
    precondition(z.shape.count == 2 && z.shape[0] == logDeterminant.count, "latents of shape \(z.shape)")
    let dimensions = z.shape[1]
    return z.withUnsafePointer { base in
        logDeterminant.enumerated().map { n, determinant in
            var energy = 0.0
            for i in n * dimensions..<(n + 1) * dimensions { energy += Double(base[i]) * Double(base[i]) }
            return (energy / 2 - determinant) / Double(dimensions) + log(2 * Double.pi) / 2
        }
    }
}

import Kernels
import Tensor

extension Colorizer {
    /// The conditioning network: normalised L [N, 1, 256, 256] to features [N, F, 64, 64].
    ///
    /// Without a conditioning network the features are the gray image itself, averaged to 64×64.
    package func features(lightness: Tensor, _ execution: Execution) -> Tensor {
        precondition(
            lightness.shape.count == 4 && lightness.shape.dropFirst() == NetworkGeometry.lightnessShape.dropFirst(),
            "lightness of shape \(lightness.shape)")
        return conditioning(lightness, execution)
    }

    /// Normalised L [N, 1, 256, 256] to conditions for the flow: everything that depends on the image alone.
    package func conditions(lightness: Tensor, _ execution: Execution) -> Conditions {
        conditions(features: features(lightness: lightness, execution), execution)
    }

    /// Features [N, F, 64, 64] to conditions for the flow.
    package func conditions(features: Tensor, _ execution: Execution) -> Conditions {
        let heads = heads(features, execution)
        let affine = regression.map { $0(features, execution) }
        return Conditions(
            count: features.shape[0],
            images: zip(levels, heads.images).map { $0.conditions($1, execution) },
            vectors: dense.conditions(heads.vector, execution),
            features: features,
            affine: affine,
            regularizer: affine.map { SampleRegularizer($0, features: features, execution) })
    }

    /// The conditioning network's own prediction of the normalised chroma, [N, 2, 64, 64], where the network has one.
    package func regression(_ conditions: Conditions) -> Tensor? { conditions.affine?.mean }

    /// Normalised chroma of draws, [S, 2, 64, 64], regularized before it is shown.
    ///
    /// - Parameter temperatures: Factors on the deviations of each draw from the regression; 1 if left out. Without a
    ///   regression the draws stay as they are.
    package func regularized(
        _ chroma: Tensor, temperatures: [Float]? = nil, _ conditions: Conditions, _ execution: Execution
    ) -> Tensor {
        conditions.check(samples: chroma.shape[0])
        return conditions.regularizer?(chroma, temperatures: temperatures, execution) ?? chroma
    }
}

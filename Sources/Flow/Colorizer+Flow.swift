import Kernels
import Tensor

extension Colorizer {
    /// Latent vectors [S, 8192] to normalised chroma [S, 2, 64, 64], and log|det dz/dx| of each sample at it.
    ///
    /// The conditions are of one image, for all samples, or of as many images as there are samples.
    package func inverse(
        z: Tensor, _ conditions: Conditions, _ execution: Execution
    ) -> (chroma: Tensor, logDeterminant: [Double]) {
        precondition(z.shape.count == 2 && z.shape[1] == NetworkGeometry.latentCount, "latents of shape \(z.shape)")
        let samples = z.shape[0]
        conditions.check(samples: samples)
        var logDeterminant = [Double](repeating: 0, count: samples)
        var parts = Self.latentLevels.map { z.channels($0) }
        var x = dense.inverse(parts.removeLast(), conditions.vectors, &logDeterminant, execution)
        for ((level, plan), condition) in zip(zip(levels, FlowPlan.levels), conditions.images).reversed() {
            let latent = plan.split > 0 ? parts.removeLast().reshaped([samples] + plan.latentShape) : nil
            x = level.inverse(
                x.reshaped([samples] + plan.keptShape), latent: latent, condition, &logDeterminant, execution)
        }
        if let affine = conditions.affine { x = logDeterminant.adding(affine.inverse(x)) }
        return (x, logDeterminant)
    }

    /// Normalised chroma [N, 2, 64, 64] to latent vectors [N, 8192], and log|det dz/dx| of each sample.
    package func forward(
        chroma: Tensor, _ conditions: Conditions, _ execution: Execution
    ) -> (z: Tensor, logDeterminant: [Double]) {
        precondition(
            chroma.shape.count == 4 && chroma.shape.dropFirst() == NetworkGeometry.chromaShape.dropFirst(),
            "chroma of shape \(chroma.shape)")
        let samples = chroma.shape[0]
        conditions.check(samples: samples)
        var logDeterminant = [Double](repeating: 0, count: samples)
        var x = chroma
        if let affine = conditions.affine { x = logDeterminant.adding(affine.forward(x)) }
        var parts: [Tensor] = []
        for (level, condition) in zip(levels, conditions.images) {
            let (kept, latent) = level.forward(x, condition, &logDeterminant, execution)
            if let latent { parts.append(latent.reshaped([samples, level.latentCount])) }
            x = kept
        }
        x = x.reshaped([samples, FlowPlan.dense.values])
        parts.append(dense.forward(x, conditions.vectors, &logDeterminant, execution))
        return (.joined(parts), logDeterminant)
    }
}

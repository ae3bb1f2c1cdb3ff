import Tensor

extension Tensor {
    /// Whether no element is infinite or undefined.
    var isFinite: Bool {
        let count = count
        return withUnsafePointer { base in
            var good = true
            for i in 0..<count { good = good && base[i].isFinite }
            return good
        }
    }

    /// Whether `RRᵀ` of a square matrix is the identity, each element to within `tolerance`.
    func isOrthogonal(tolerance: Double) -> Bool {
        let n = shape[0]
        return withUnsafePointer { base in
            for i in 0..<n {
                for j in 0...i {
                    var dot = 0.0
                    for k in 0..<n { dot += Double(base[i * n + k]) * Double(base[j * n + k]) }
                    if abs(dot - (i == j ? 1 : 0)) > tolerance { return false }
                }
            }
            return true
        }
    }
}

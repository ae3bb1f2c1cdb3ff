import COpenBLAS
import Tensor

extension Matrix {
    /// Solves A·x = b for a symmetric, positive definite A, by Cholesky's factors in double precision.
    ///
    /// - Parameters:
    ///   - matrix: A, [n, n], of which half is read.
    ///   - diagonal: What is added to A's diagonal.
    ///   - right: The b's, [V, n].
    /// - Returns: The x's, [V, n]; nil where A with its diagonal is not positive definite.
    package static func solve(_ matrix: Tensor, addingDiagonal diagonal: [Float], _ right: Tensor) -> Tensor? {
        let n = diagonal.count
        precondition(matrix.shape == [n, n] && right.shape.count == 2 && right.shape[1] == n, "shapes do not fit")
        var a = matrix.values.map(Double.init)
        var x = right.values.map(Double.init)
        for i in 0..<n { a[i * n + i] += Double(diagonal[i]) }
        return factorize(&a, &x, n) ? Tensor(right.shape, x.map(Float.init)) : nil
    }

    private static func factorize(_ a: inout [Double], _ x: inout [Double], _ n: Int) -> Bool {
        guard n > 0 else { return true }
        prepare()
        var (size, vectors, info) = (Int32(n), Int32(x.count / n), Int32(0))
        var half = CChar(UInt8(ascii: "L"))
        dposv_(&half, &size, &vectors, &a, &size, &x, &size, &info)
        return info == 0
    }
}

import COpenBLAS
import Tensor

/// Matrix products by OpenBLAS.
package enum Matrix {
    /// OpenBLAS works on the calling thread only; threads are the callers' matter.
    private static let singleThreaded: Void = openblas_set_num_threads(1)

    /// The product of two matrices, `[M, K]` · `[K, N]` → `[M, N]`, either of them transposed first.
    package static func multiply(
        _ a: Tensor, _ b: Tensor, transposingFirst: Bool = false, transposingSecond: Bool = false
    ) -> Tensor {
        precondition(a.shape.count == 2 && b.shape.count == 2, "not matrices: \(a.shape) and \(b.shape)")
        let (rows, depth) = transposingFirst ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
        let (inner, columns) = transposingSecond ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
        precondition(depth == inner, "cannot multiply \(a.shape) and \(b.shape)")
        var result = Tensor(uninitialized: [rows, columns])
        result.withUnsafeMutablePointer { target in
            a.withUnsafePointer { first in
                b.withUnsafePointer { second in
                    multiply(
                        rows: rows, columns: columns, depth: depth,
                        first, stride: a.shape[1], transposed: transposingFirst,
                        second, stride: b.shape[1], transposed: transposingSecond,
                        target, stride: columns)
                }
            }
        }
        return result
    }

    /// c = a·b + beta·c on row-major memory, with the floats from one row to the next given as strides.
    static func multiply(
        rows: Int, columns: Int, depth: Int,
        _ a: UnsafePointer<Float>, stride strideA: Int, transposed transposedA: Bool = false,
        _ b: UnsafePointer<Float>, stride strideB: Int, transposed transposedB: Bool = false,
        _ c: UnsafeMutablePointer<Float>, stride strideC: Int, beta: Float = 0
    ) {
        _ = singleThreaded
        guard rows > 0, columns > 0 else { return }
        cblas_sgemm(
            CblasRowMajor, transposedA ? CblasTrans : CblasNoTrans, transposedB ? CblasTrans : CblasNoTrans,
            blasint(rows), blasint(columns), blasint(depth), 1, a, blasint(max(1, strideA)), b,
            blasint(max(1, strideB)), beta, c, blasint(strideC))
    }
}

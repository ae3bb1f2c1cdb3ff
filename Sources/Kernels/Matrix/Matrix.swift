import COpenBLAS

/// Matrix products by OpenBLAS.
package enum Matrix {
    /// OpenBLAS works on the calling thread only; threads are the callers' matter.
    private static let singleThreaded: Void = openblas_set_num_threads(1)

    /// To be called before anything else of OpenBLAS.
    static func prepare() { _ = singleThreaded }

    /// c = a·b + beta·c on row-major memory, with the floats from one row to the next given as strides.
    static func multiply(
        rows: Int, columns: Int, depth: Int,
        _ a: UnsafePointer<Float>, stride strideA: Int, transposed transposedA: Bool = false,
        _ b: UnsafePointer<Float>, stride strideB: Int, transposed transposedB: Bool = false,
        _ c: UnsafeMutablePointer<Float>, stride strideC: Int, beta: Float = 0
    ) {
        prepare()
        guard rows > 0, columns > 0 else { return }
        cblas_sgemm(
            CblasRowMajor, transposedA ? CblasTrans : CblasNoTrans, transposedB ? CblasTrans : CblasNoTrans,
            blasint(rows), blasint(columns), blasint(depth), 1, a, blasint(max(1, strideA)), b,
            blasint(max(1, strideB)), beta, c, blasint(strideC))
    }
}

import Tensor

extension Matrix {
    /// Rows and columns of the blocks that a product is cut into, for any number of threads, so that its bits agree.
    private static let block = (rows: 128, columns: 256)

    /// The product `[M, K]` · `[K, N]` → `[M, N]` on several threads, either factor transposed first.
    package static func multiply(
        _ a: Tensor, _ b: Tensor, transposingFirst: Bool = false, transposingSecond: Bool = false,
        _ execution: Execution
    ) -> Tensor {
        let rows = a.shape[transposingFirst ? 1 : 0]
        let columns = b.shape[transposingSecond ? 0 : 1]
        var result = Tensor(uninitialized: [rows, columns])
        multiply(
            a, b, transposingFirst: transposingFirst, transposingSecond: transposingSecond, into: &result, beta: 0,
            execution)
        return result
    }

    /// Adds the product `[M, K]` · `[K, N]` to `sum`, `[M, N]`, either factor transposed first.
    package static func addProduct(
        _ a: Tensor, _ b: Tensor, transposingFirst: Bool = false, transposingSecond: Bool = false,
        to sum: inout Tensor, _ execution: Execution
    ) {
        multiply(
            a, b, transposingFirst: transposingFirst, transposingSecond: transposingSecond, into: &sum, beta: 1,
            execution)
    }

    private static func multiply(
        _ a: Tensor, _ b: Tensor, transposingFirst: Bool, transposingSecond: Bool, into result: inout Tensor,
        beta: Float, _ execution: Execution
    ) {
        precondition(a.shape.count == 2 && b.shape.count == 2, "not matrices: \(a.shape) and \(b.shape)")
        let (rows, depth) = transposingFirst ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
        let (inner, columns) = transposingSecond ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
        precondition(depth == inner, "cannot multiply \(a.shape) and \(b.shape)")
        precondition(result.shape == [rows, columns], "a product of \([rows, columns]) in \(result.shape)")
        let (strideA, strideB) = (a.shape[1], b.shape[1])
        let across = (columns + block.columns - 1) / block.columns
        let down = (rows + block.rows - 1) / block.rows
        result.withUnsafeMutablePointer { target in
            a.withUnsafePointer { first in
                b.withUnsafePointer { second in
                    execution.spread(down * across) { index in
                        let row = index / across * block.rows
                        let column = index % across * block.columns
                        multiply(
                            rows: min(block.rows, rows - row), columns: min(block.columns, columns - column),
                            depth: depth,
                            first + (transposingFirst ? row : row * strideA), stride: strideA,
                            transposed: transposingFirst,
                            second + (transposingSecond ? column * strideB : column), stride: strideB,
                            transposed: transposingSecond,
                            target + row * columns + column, stride: columns, beta: beta)
                    }
                }
            }
        }
    }
}

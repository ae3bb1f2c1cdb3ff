import Files

/// Whether some work was done before.
package enum PriorWork: Equatable, Sendable {
    /// It was not.
    case new
    /// The same content at the same path has this result.
    case published(result: RelativePath)
    /// The same content at another path has this result.
    case duplicate(of: RelativePath, result: RelativePath)
}

import Files

/// A result whose file left its name to a photograph of other content.
package struct PastResult: Equatable, Sendable {
    /// Where the file lay in the inbox.
    package let source: RelativePath
    package let identity: WorkIdentity
    /// The result's folder in the outbox.
    package let result: RelativePath
}

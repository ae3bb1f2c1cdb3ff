/// A change of names in a folder.
package enum NameChange: Equatable, Sendable {
    case rename(RenameRule)
    case plainRename
    case removal

    /// Tests set this; it runs right before a change of a path, and its error replaces the change.
    @TaskLocal static var interruption: (@Sendable (NameChange, String) throws -> Void)?
}

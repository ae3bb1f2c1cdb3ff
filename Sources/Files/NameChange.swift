/// A change of names in a folder.
package enum NameChange: Equatable, Sendable {
    case rename(RenameRule)
    case plainRename
    case removal

    /// Tests come between here: it is called right before a change of the path, and what it throws takes its place.
    @TaskLocal static var interruption: (@Sendable (NameChange, String) throws -> Void)?
}

import Digest

/// What makes a piece of work the same work: content, model and settings.
package struct WorkIdentity: Hashable, Sendable {
    package let content: ContentHash
    /// The model file's SHA-256 in hexadecimal.
    package let model: String
    /// The key of all settings that change the result.
    package let settings: String

    package init(content: ContentHash, model: String, settings: String) {
        self.content = content
        self.model = model
        self.settings = settings
    }
}

import Files
import Foundation

/// The last one of a page, after which the next page begins though it be gone.
struct Cursor: Sendable, Equatable {
    /// In nanoseconds since 1970; 0 for a photograph of the queue.
    let published: Int64
    let id: DeskID
    let path: RelativePath

    init(published: Int64 = 0, id: DeskID, path: RelativePath) {
        (self.published, self.id, self.path) = (published, id, path)
    }

    /// Reads what `text` wrote; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let published = Int64(parts[0]), let id = DeskID(String(parts[1])),
            let bytes = Data(base64Encoded: Self.padded(parts[2].replacing("_", with: "/").replacing(".", with: "+"))),
            let path = RelativePath(bytes: Array(bytes))
        else { return nil }
        self.init(published: published, id: id, path: path)
    }

    /// As an address may hold it.
    var text: String {
        let code = Data(path.bytes).base64EncodedString().replacing("/", with: "_").replacing("+", with: ".")
        return "\(published)-\(id)-\(code.replacing("=", with: ""))"
    }

    private static func padded(_ code: some StringProtocol) -> String {
        code + String(repeating: "=", count: (4 - code.utf8.count % 4) % 4)
    }
}

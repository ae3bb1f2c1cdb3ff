import Digest
import Foundation

/// The secrets of the door: what a session's cookie and a page's token against forged writes are made with.
struct Secrets: Sendable {
    /// Whether who comes must know the token.
    let needsToken: Bool
    private let key: [UInt8]

    static let shortestToken = 16
    static let sessionSeconds = 30 * 86_400

    /// The secrets of a token; random ones where there is none.
    init(token: String?) {
        needsToken = token != nil
        key = token.map { Array($0.utf8) } ?? (0..<32).map { _ in UInt8.random(in: 0...255) }
    }

    /// Reads the token that lies in a file.
    static func token(_ file: String) throws -> String {
        var status = stat()
        guard stat(file, &status) == 0, let data = FileManager.default.contents(atPath: file) else {
            throw DeskStartError.token(file: file, "the token cannot be read")
        }
        guard status.st_mode & 0o007 == 0 else {
            throw DeskStartError.token(file: file, "everybody on this machine can read the token; chmod 600 it")
        }
        let token = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard token.utf8.count >= shortestToken, token.allSatisfy({ $0.isASCII && !$0.isWhitespace }) else {
            throw DeskStartError.token(file: file, "a token is \(shortestToken) or more printable ASCII characters")
        }
        return token
    }

    /// Whether a text is the token; how long that takes tells nothing of it.
    func isToken(_ text: some StringProtocol) -> Bool {
        MessageCode(of: "token", key: key).matches(hex: MessageCode(of: "token", key: Array(text.utf8)).hex)
    }

    /// A new session's cookie.
    func session(now: Date = Date()) -> String {
        let end = Int(now.timeIntervalSince1970) + Self.sessionSeconds
        let text = "\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).\(end)"
        return "\(text).\(MessageCode(of: "session \(text)", key: key).hex)"
    }

    /// Whether a cookie is one of ours that has not run out.
    func isSession(_ cookie: some StringProtocol, now: Date = Date()) -> Bool {
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let end = Int(parts[1]), end > Int(now.timeIntervalSince1970) else { return false }
        return MessageCode(of: "session \(parts[0]).\(parts[1])", key: key).matches(hex: parts[2])
    }

    /// What a page of a session must show with every write.
    func writeToken(session: String) -> String { MessageCode(of: "write \(session)", key: key).hex }

    func isWriteToken(_ text: String, session: String) -> Bool {
        MessageCode(of: "write \(session)", key: key).matches(hex: text)
    }
}

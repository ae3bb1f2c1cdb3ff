import Digest
import Foundation

/// The machine, and its start, that a hidden entry comes from.
///
/// On a network file system locks of folders may hold on one machine alone. Machines that were cloned may have one name,
/// and differ by their start.
package struct HostIdentity: Equatable, Sendable {
    package let host: String
    package let boot: String

    /// The machine's name, for people.
    package static let hostName: String = {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    package static let current: HostIdentity = {
        let variables = ProcessInfo.processInfo.environment
        // Machines that were cloned may share a name, and containers the machine's number.
        let host = text("/etc/machine-id") + "\n" + hostName
        // Tests alone set these.
        return HostIdentity(
            host: variables["AUTOCHROME_TEST_HOST"] ?? host,
            boot: variables["AUTOCHROME_TEST_BOOT_ID"] ?? text("/proc/sys/kernel/random/boot_id"))
    }()

    package init(host: String, boot: String) {
        (self.host, self.boot) = (Self.short(host), Self.short(boot))
    }

    /// The identity that a name was made with; nil where it holds none.
    package init?(name: [UInt8], prefix: String) {
        let parts = String(decoding: name, as: UTF8.self).dropFirst(prefix.count).split(separator: "-")
        guard parts.count == 3 else { return nil }
        (host, boot) = (String(parts[0]), String(parts[1]))
    }

    /// A name that nothing else has.
    package func name(prefix: String) -> String {
        "\(prefix)\(host)-\(boot)-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    }

    private static func short(_ text: String) -> String { ContentHash(of: Array(text.utf8)).short }

    private static func text(_ path: String) -> String {
        (FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? "")
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

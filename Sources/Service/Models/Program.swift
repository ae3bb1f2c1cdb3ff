import Foundation

/// The program's name, version and places.
package enum Program {
    package static let version = "0.2.0"
    package static let name = "autochrome \(version)"

    /// Path of the running executable, links resolved.
    package static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    /// The places of an installed configuration, the nearest first.
    package static var configurationCandidates: [String] {
        let prefix = URL(fileURLWithPath: executable).deletingLastPathComponent().deletingLastPathComponent().path
        var roots = [prefix]
        // A staged or ordinary installation under /usr keeps its configuration in the root's /etc.
        for suffix in ["/usr/local", "/usr"] where prefix.hasSuffix(suffix) {
            roots.append(String(prefix.dropLast(suffix.count)))
            break
        }
        return roots.map { $0 + "/etc/autochrome/autochrome.yaml" } + [ConfigurationFile.standardPath]
    }

    /// The places of the desk's page: the installed one, or the one of the checkout that the program was built in.
    package static func pageCandidates() -> [String] {
        var directory = URL(fileURLWithPath: executable).deletingLastPathComponent()
        var candidates = [directory.deletingLastPathComponent().path + "/share/autochrome/desk"]
        for _ in 0..<5 where directory.path != "/" {
            directory.deleteLastPathComponent()
            candidates.append(directory.path + "/Sources/Desk/Page")
        }
        return candidates
    }

    /// The places of a model: the installed one, or the one of the checkout that the program was built in.
    package static func modelCandidates(_ name: String = "compact") -> [String] {
        var candidates: [String] = []
        var directory = URL(fileURLWithPath: executable).deletingLastPathComponent()
        candidates.append(directory.deletingLastPathComponent().path + "/share/autochrome/\(name).safetensors")
        for _ in 0..<5 where directory.path != "/" {
            directory.deleteLastPathComponent()
            candidates.append(directory.path + "/Models/\(name).safetensors")
        }
        return candidates
    }
}

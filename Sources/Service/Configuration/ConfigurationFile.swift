import Files
import Foundation
import Yams

/// Reads YAML documents of settings; every error names the file and the line.
package enum ConfigurationFile {
    /// The place of a configuration where none is named.
    package static let standardPath = "/etc/autochrome/autochrome.yaml"

    /// The service's configuration from a file, validated.
    package static func load(_ path: String) throws -> Configuration {
        var configuration = Configuration()
        try apply(read(path), name: path, settings: Setting.all, to: &configuration)
        do { try configuration.validate() } catch let error as ConfigurationError {
            throw ConfigurationError.refused(file: path, "\(error)")
        }
        return configuration
    }

    /// Lays a photograph's own or a folder's settings over a configuration.
    package static func overlay(
        _ yaml: String, name: String, settings: [Setting] = Setting.coloring, on configuration: inout Configuration
    ) throws {
        try apply(yaml, name: name, settings: settings, to: &configuration)
        do { try configuration.coloring.validate() } catch {
            throw ConfigurationError.refused(file: name, "\(error)")
        }
    }

    /// Lays the settings of a YAML text over a configuration.
    package static func apply(
        _ yaml: String, name: String, settings: [Setting], to configuration: inout Configuration
    ) throws {
        for (keyNode, value) in try mapping(yaml, name: name) {
            let key = keyNode.scalar?.string ?? "?"
            let line = keyNode.mark?.line ?? 1
            guard let setting = settings.first(where: { $0.key == key }) else {
                throw ConfigurationError.syntax(file: name, line: line, unknown(key, among: settings))
            }
            do { try setting.read(value, &configuration) } catch let error as ConfigurationError {
                throw ConfigurationError.syntax(file: name, line: line, "\(error)")
            }
        }
    }

    /// The keys that a YAML text sets.
    static func keys(of yaml: String, name: String) throws -> Set<String> {
        Set(try mapping(yaml, name: name).compactMap { $0.0.scalar?.string })
    }

    /// The keys and values of a YAML text, in their order; none where it is empty.
    private static func mapping(_ yaml: String, name: String) throws -> [(Node, Node)] {
        let root: Node?
        do { root = try Yams.compose(yaml: yaml) } catch let error as YamlError {
            let reason = "is not valid YAML: \(reason(of: error))"
            throw ConfigurationError.syntax(file: name, line: line(of: error), reason)
        }
        guard let root else { return [] }
        if let scalar = root.scalar, scalar.string.isEmpty { return [] }
        guard let mapping = root.mapping else {
            throw ConfigurationError.syntax(file: name, line: root.mark?.line ?? 1, "expected 'key: value' lines")
        }
        return mapping.map { ($0.key, $0.value) }
    }

    private static func read(_ path: String) throws -> String {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            guard data.count <= 1 << 20 else {
                throw ConfigurationError.unreadable(file: path, "larger than 1 MiB")
            }
            guard let text = String(data: data, encoding: .utf8) else {
                throw ConfigurationError.unreadable(file: path, "not UTF-8")
            }
            return text
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw FileError(error) ?? error
        }
    }

    private static func unknown(_ key: String, among settings: [Setting]) -> String {
        if Setting.own.contains(where: { $0.key == key && $0.scope == .photograph }) {
            return "'\(key)' can be set for one photograph only, in NAME.autochrome.yaml beside it"
        }
        let nearest = settings.map(\.key).min { distance($0, key) < distance($1, key) }
        let hint = nearest.flatMap { distance($0, key) <= 3 ? "; did you mean '\($0)'?" : nil } ?? ""
        let known = Setting.all.contains { $0.key == key }
        return known ? "'\(key)' cannot be set for one image or folder" : "unknown key '\(key)'\(hint)"
    }

    /// Levenshtein distance.
    static func distance(_ a: String, _ b: String) -> Int {
        let b = Array(b)
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(diagonal + (x == y ? 0 : 1), above + 1, row[j] + 1)
                diagonal = above
            }
        }
        return row[b.count]
    }

    private static func line(of error: YamlError) -> Int {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        default: 1
        }
    }

    private static func reason(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _): problem
        case .duplicatedKeysInMapping(let keys, _): "set more than once: " + keys.joined(separator: ", ")
        default: "\(error)".replacingOccurrences(of: "\n", with: " ")
        }
    }
}

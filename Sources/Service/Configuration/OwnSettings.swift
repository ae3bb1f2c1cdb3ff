import Colorization
import Files
import Foundation
import Spool
import Yams

/// Writes into the settings beside a photograph; a service that watches it makes its result again.
package enum OwnSettings {
    /// A setting that is written there.
    package enum Change: Sendable {
        /// What is known of its colors; none takes the setting away.
        case hints([ColorHint])
        /// What becomes of it if it is in color.
        case colored(ColoringSettings.ColoredPolicy)

        fileprivate var key: String {
            switch self {
            case .hints: "hints"
            case .colored: "colored"
            }
        }

        fileprivate var isRemoval: Bool {
            if case .hints(let hints) = self { hints.isEmpty } else { false }
        }

        fileprivate func apply(to settings: inout ColoringSettings) {
            switch self {
            case .hints(let hints): settings.hints = hints
            case .colored(let policy): settings.colored = policy
            }
        }
    }

    /// Sets one of a photograph's own settings; the others, and remarks beside them, stay.
    ///
    /// The file is written whole or not at all.
    ///
    /// - Parameter photograph: Its path below the folder in which settings are sought.
    /// - Throws: `ConfigurationError` where the settings that are there make no sense, or `FileError`.
    package static func write(_ change: Change, beside photograph: RelativePath, in folder: Folder) throws {
        let path = photograph.sidecar
        let display = folder.display(path)
        let known = try Sidecars.text(folder.path, path)
        if known == nil, change.isRemoval { return }
        let changed = try changing(known ?? "", by: change, name: display)
        var configuration = Configuration()
        try ConfigurationFile.overlay(changed, name: display, settings: Setting.own, on: &configuration)
        try folder.replace(path, with: Data(changed.utf8))
    }

    /// The text of settings, changed.
    static func changing(_ text: String, by change: Change, name: String) throws -> String {
        var configuration = Configuration()
        try ConfigurationFile.overlay(text, name: name, settings: Setting.own, on: &configuration)
        let key = change.key
        guard let setting = Setting.own.first(where: { $0.key == key }) else { preconditionFailure("no such setting") }
        change.apply(to: &configuration.coloring)
        let line = change.isRemoval ? "" : "\(key): \(setting.text(configuration))\n"
        guard let root = try Yams.compose(yaml: text), let mapping = root.mapping, !mapping.isEmpty else {
            return text + (text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + line
        }
        if text.drop(while: \.isWhitespace).hasPrefix("{") {
            // A mapping in braces has no lines of its own; all that it may hold is on one each.
            let others = mapping.filter { $0.key.scalar?.string != key }
            return others.map { "\($0.key.scalar?.string ?? ""): \($0.value.scalar?.string ?? "")\n" }.joined() + line
        }
        return without(key, of: mapping, text) + line
    }

    /// The lines of settings but for those of a key.
    private static func without(_ key: String, of mapping: Node.Mapping, _ text: String) -> String {
        var lines = text.components(separatedBy: "\n")
        if lines.last == "" { lines.removeLast() }
        let starts = mapping.keys.map { ($0.scalar?.string, ($0.mark?.line ?? 1) - 1) }.sorted { $0.1 < $1.1 }
        if let index = starts.firstIndex(where: { $0.0 == key }) {
            var end = index + 1 < starts.count ? starts[index + 1].1 : lines.count
            // Remarks above the next setting are that one's.
            while end > starts[index].1 + 1, isRemark(lines[end - 1]) { end -= 1 }
            lines.removeSubrange(starts[index].1..<end)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func isRemark(_ line: String) -> Bool {
        let text = line.trimmingCharacters(in: .whitespaces)
        return text.isEmpty || text.hasPrefix("#")
    }
}

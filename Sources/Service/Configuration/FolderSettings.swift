import Files
import Foundation

/// The settings that hold for photographs of a folder of the inbox, and where each comes from.
package struct FolderSettings: Sendable {
    /// Where a setting is made.
    package enum Origin: String, Sendable {
        /// In the service's configuration, or nowhere.
        case configuration
        /// In a folder above.
        case above
        /// In the folder's own file.
        case folder
    }

    package struct Value: Sendable {
        package var setting: Setting
        package var text: String
        package var origin: Origin
    }

    package let folder: RelativePath
    /// In the order of `etc/autochrome.yaml`; what a person cannot type as one word is left out.
    package private(set) var values: [Value] = []

    /// Reads the settings of a folder.
    ///
    /// - Throws: `ConfigurationError` naming the file and line that is wrong.
    package init(_ folder: RelativePath, inbox: Folder, configuration: Configuration) throws {
        self.folder = folder
        let name = folder.appending("photograph")
        let effective = try Sidecars.resolve(configuration, root: inbox.path, relative: name)
        let above =
            folder.isRoot
            ? configuration : try Sidecars.resolve(configuration, root: inbox.path, relative: folder)
        let own = try Self.keys(of: Self.text(folder, inbox), Self.name(folder, inbox))
        for setting in Setting.coloring where setting.form.isScalar {
            let isAbove = setting.text(above) != setting.text(configuration)
            values.append(
                Value(
                    setting: setting, text: setting.text(effective),
                    origin: own.contains(setting.key) ? .folder : isAbove ? .above : .configuration))
        }
    }

    /// Sets some of a folder's own settings, or takes them back, and returns what holds then.
    ///
    /// The other lines of its file stay as a person wrote them.
    ///
    /// - Parameter changes: A setting's new value as in YAML; nil takes it back.
    /// - Throws: `ConfigurationError` where a value cannot work, and nothing is changed then.
    package static func change(
        _ changes: [String: String?], of folder: RelativePath, inbox: Folder, configuration: Configuration
    ) throws -> FolderSettings {
        var lines = try text(folder, inbox).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        for (key, value) in changes.sorted(by: { $0.key < $1.key }) {
            guard let setting = Setting.coloring.first(where: { $0.key == key && $0.form.isScalar }) else {
                throw ConfigurationError.value(key: key, "is no setting of a folder")
            }
            // As the setting itself writes it, so that no value is more than a value.
            let line = try value.map { "\(key): \(try canonical($0, setting, configuration))" }
            let place = lines.firstIndex { $0.hasPrefix(key + ":") }
            switch (place, line) {
            case (let place?, let line?): lines[place] = line
            case (let place?, nil): lines.remove(at: place)
            case (nil, let line?): lines.append(line)
            case (nil, nil): break
            }
        }
        let text = lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
        try check(text, changes, name(folder, inbox), configuration)
        try inbox.replace(sidecar(folder), with: Data(text.utf8))
        return try FolderSettings(folder, inbox: inbox, configuration: configuration)
    }

    /// A value as its setting writes it.
    private static func canonical(_ value: String, _ setting: Setting, _ base: Configuration) throws -> String {
        guard value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-+".contains($0)) }), !value.isEmpty
        else { throw ConfigurationError.value(key: setting.key, "cannot be '\(value)'") }
        var configuration = base
        do {
            try ConfigurationFile.overlay("\(setting.key): \(value)\n", name: "", on: &configuration)
        } catch ConfigurationError.refused(_, let reason), ConfigurationError.syntax(_, _, let reason) {
            throw ConfigurationError.refused(file: "not set", reason)
        }
        return setting.text(configuration)
    }

    /// Throws unless a file's text can be read and says what was asked for: a key may stand in it in another form.
    private static func check(
        _ text: String, _ changes: [String: String?], _ name: String, _ base: Configuration
    ) throws {
        var configuration = base
        try ConfigurationFile.overlay(text, name: name, on: &configuration)
        let keys = try keys(of: text, name)
        for (key, value) in changes where keys.contains(key) != (value != nil) {
            throw ConfigurationError.refused(file: name, "\(key) stands in it in a form that only a person can change")
        }
    }

    private static func sidecar(_ folder: RelativePath) -> RelativePath { folder.appending(Sidecars.suffix) }

    private static func name(_ folder: RelativePath, _ inbox: Folder) -> String {
        inbox.display(sidecar(folder))
    }

    private static func text(_ folder: RelativePath, _ inbox: Folder) throws -> String {
        try Sidecars.text(inbox.path, sidecar(folder)) ?? ""
    }

    private static func keys(of text: String, _ name: String) throws -> Set<String> {
        try ConfigurationFile.keys(of: text, name: name)
    }
}

import Files
import Foundation
import Service
import Spool

extension Desk {
    /// The folder that has an id: one of the outbox that has results, or one of the inbox.
    func folder(_ id: DeskID) throws -> RelativePath {
        guard let folder = try folderBook.path(id) else { throw Refusal.notFound }
        return folder
    }

    /// Every folder that has results or photographs, and those above them.
    func folders() throws -> Response {
        struct Document: Encodable { let folders: [FolderDocument] }
        var counts = index.folders
        for path in try folderBook.inboxFolders() where counts[path] == nil { counts[path] = .init() }
        let folders = counts.sorted { $0.key < $1.key }.map { path, count in
            FolderDocument(
                id: folderBook.id(path), parent: path.isRoot ? nil : folderBook.id(path.parent),
                name: path.escapedName, path: path.description, results: count.results, chosen: count.chosen)
        }
        return try .json(Document(folders: folders))
    }

    // MARK: Settings

    private struct SettingDocument: Encodable {
        var key: String
        var value: String
        var origin: FolderSettings.Origin
        var kind: String
        @OrNull var minimum: Double?
        @OrNull var maximum: Double?
        var choices: [String]
    }

    private struct SettingsDocument: Encodable {
        var folder: DeskID
        var path: String
        var settings: [SettingDocument]
    }

    /// The settings that hold for photographs of a folder.
    func settings(_ id: DeskID) throws -> Response {
        try document(of: FolderSettings(folder(id), inbox: inbox, configuration: configuration), id)
    }

    /// Sets some of a folder's own settings.
    func setSettings(_ id: DeskID, _ request: Request) throws -> Response {
        let changes = try request.json([String: JSONValue].self, members: nil)
        guard (1...32).contains(changes.count) else { throw Refusal.badRequest("Give 1 to 32 settings.") }
        let texts: [String: String?] = try changes.mapValues { value in
            switch value {
            case .null: nil
            case .bool(let value): "\(value)"
            case .integer(let value): "\(value)"
            case .number(let value): "\(value)"
            case .string(let value): value
            case .array, .object: throw Refusal.badRequest("A setting is a number, a text, true, false or null.")
            }
        }
        let folder = try folder(id)
        do {
            return try document(
                of: FolderSettings.change(texts, of: folder, inbox: inbox, configuration: configuration), id)
        } catch let error as ConfigurationError {
            throw Refusal.unprocessable("\(error)".replacing(inbox.path + "/", with: ""))
        }
    }

    private func document(of settings: FolderSettings, _ id: DeskID) throws -> Response {
        try .json(
            SettingsDocument(
                folder: id, path: settings.folder.description,
                settings: settings.values.map { value in
                    let form = value.setting.form
                    return SettingDocument(
                        key: value.setting.key, value: value.text, origin: value.origin, kind: form.name,
                        minimum: form.range?.lowerBound, maximum: form.range?.upperBound, choices: form.choices)
                }))
    }
}

extension FolderSettings.Origin: Encodable {}

extension Setting.Form {
    fileprivate var name: String {
        switch self {
        case .integer: "integer"
        case .decimal: "number"
        case .flag: "boolean"
        case .choice: "choice"
        case .text, .list: "text"
        }
    }

    fileprivate var range: ClosedRange<Double>? {
        switch self {
        case .integer(let range): range.map { Double($0.lowerBound)...Double($0.upperBound) }
        case .decimal(let range): range
        case .flag, .choice, .text, .list: nil
        }
    }

    fileprivate var choices: [String] {
        if case .choice(let choices) = self { choices } else { [] }
    }
}

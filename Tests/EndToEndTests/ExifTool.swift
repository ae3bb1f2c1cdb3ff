import Foundation
import TestSupport
import Testing

/// The reader of metadata that the program's own are held against.
enum ExifTool {
    private static let path = "/usr/bin/exiftool"
    static let isThere = FileManager.default.isExecutableFile(atPath: path)

    /// Everything that a file says, by names such as `IFD0:Make`.
    typealias Fields = [String: AnyHashable]

    @discardableResult
    static func run(_ arguments: [String]) throws -> String {
        let outcome = try Subprocess(path, arguments).wait()
        try #require(outcome.code == 0, "exiftool \(arguments.joined(separator: " ")): \(outcome.errors)")
        return outcome.output
    }

    /// Writes fields into a file.
    static func write(_ arguments: [String], to file: String) throws {
        try run(["-q", "-q", "-overwrite_original"] + arguments + [file])
    }

    /// The fields of every file below the given ones, by path.
    static func read(_ paths: [String]) throws -> [String: Fields] {
        let text = try run(["-json", "-G1", "-a", "-struct", "-n", "-q", "-r"] + paths)
        let all = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] ?? []
        var result: [String: Fields] = [:]
        for fields in all {
            guard let file = fields["SourceFile"] as? String else { continue }
            result[file] = fields.compactMapValues(comparable)
        }
        return result
    }

    /// A value of JSON, structures too, as one that can be compared.
    private static func comparable(_ value: Any) -> AnyHashable? {
        switch value {
        case let structure as [String: Any]: AnyHashable(structure.compactMapValues(comparable))
        case let list as [Any]: AnyHashable(list.compactMap(comparable))
        default: value as? AnyHashable
        }
    }

    /// What it finds wrong with files, line by line.
    static func complaints(_ paths: [String]) throws -> [String] {
        try run(["-q", "-q", "-validate", "-warning", "-error", "-a", "-s3"] + paths)
            .split(separator: "\n").map(String.init).filter { $0 != "OK" && !$0.hasSuffix(" minor)") }
            .filter { $0.range(of: #"^[0-9]+ Warnings?$"#, options: .regularExpression) == nil }
    }
}

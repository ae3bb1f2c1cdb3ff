import Foundation
import Spool

extension Publisher {
    /// Bytes that a command leaves free in the folder that it writes to.
    private static let reserve: Int64 = 64 << 20

    /// The publisher of a folder that the command line names; makes the folder and sweeps it.
    static func open(_ output: String) throws -> Publisher {
        let path = URL(fileURLWithPath: output).standardizedFileURL.path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let publisher = try Publisher(outbox: path, reserveBytes: reserve)
        try publisher.sweep { Output.complain("autochrome: \($0)") }
        return publisher
    }
}

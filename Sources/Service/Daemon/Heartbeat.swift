import Foundation
import Spool

/// The state that a running daemon writes every few seconds into `status.json` of the state directory.
package struct Heartbeat: Codable, Sendable, Equatable {
    package static let fileName = "status.json"
    /// Seconds after which a living daemon that has not written is stuck.
    package static let patience = 30.0

    package var process: Int32
    package var program: String
    package var model: String
    package var started: Date
    package var written: Date
    package var watching: Intake.Mode
    /// The reason why no job is begun; absent where there is none.
    package var paused: String?
    package var queued: Int
    package var inHand: [InFlightRegistry.Entry]
    /// Whether a job has been silent for longer than it may be.
    package var stuck: Bool
    /// Other machines' queue as it was last seen; absent where there is none.
    package var queue: QueueLook?

    package func write(state: String) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        let path = state + "/" + Self.fileName
        let data = try encoder.encode(self)
        do {
            try data.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            guard Self.overwrite(path, data) else { throw error }
        }
    }

    /// Overwrites the file in place: a full disk has no room for another, and `status` must tell just then.
    private static func overwrite(_ path: String, _ data: Data) -> Bool {
        let file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return false }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { return false }
        // Spaces after a JSON document mean nothing.
        let blank = Data(repeating: UInt8(ascii: " "), count: max(0, Int(status.st_size) - data.count))
        let whole = data + blank
        return whole.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) } == whole.count
    }

    package static func read(state: String) -> Heartbeat? {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .iso8601
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: state + "/" + fileName)) else { return nil }
        return try? decoder.decode(Heartbeat.self, from: data)
    }
}

import Foundation
import Spool

/// What a running daemon says of itself every few seconds, in `status.json` of the state directory.
package struct Heartbeat: Codable, Sendable, Equatable {
    package static let fileName = "status.json"
    /// Seconds after which a daemon that lives and does not write is stuck.
    package static let patience = 30.0

    package var process: Int32
    package var program: String
    package var model: String
    package var started: Date
    package var written: Date
    /// `events`, `polling: reason`, `starting` or `stopped`.
    package var watching: String
    /// Why nothing new is begun; absent where nothing is in the way.
    package var paused: String?
    package var queued: Int
    package var inHand: [WorkBoard.Entry]
    /// Whether a job has not got on for longer than it may.
    package var stuck: Bool

    package func write(state: String) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        try encoder.encode(self).write(to: URL(fileURLWithPath: state + "/" + Self.fileName), options: .atomic)
    }

    package static func read(state: String) -> Heartbeat? {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .iso8601
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: state + "/" + fileName)) else { return nil }
        return try? decoder.decode(Heartbeat.self, from: data)
    }
}

extension Intake {
    /// The way in which the intake learns of files.
    package enum Mode: Equatable, Sendable {
        case starting
        case events
        case polling(reason: String)
        case stopped

        package var isPolling: Bool {
            if case .polling = self { true } else { false }
        }
    }
}

extension Intake.Mode: LosslessStringConvertible {
    private static let pollingPrefix = "polling: "

    package var description: String {
        switch self {
        case .starting: "starting"
        case .events: "events"
        case .polling(let reason): Self.pollingPrefix + reason
        case .stopped: "stopped"
        }
    }

    package init?(_ description: String) {
        switch description {
        case "starting": self = .starting
        case "events": self = .events
        case "stopped": self = .stopped
        case _ where description.hasPrefix(Self.pollingPrefix):
            self = .polling(reason: String(description.dropFirst(Self.pollingPrefix.count)))
        default: return nil
        }
    }
}

/// In JSON a mode is its description.
extension Intake.Mode: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let mode = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no mode of the intake")
        }
        self = mode
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

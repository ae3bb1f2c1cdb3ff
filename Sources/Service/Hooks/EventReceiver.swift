import Foundation
import Spool

/// Gets events one after another.
package protocol EventReceiver {
    /// Hands an event over; throws where it may not have arrived.
    ///
    /// - Parameter shouldStop: Asked again and again; once it says so, the call gives up.
    func deliver(_ entry: JournalEntry, shouldStop: @escaping () -> Bool) throws
}

/// Why an event was not taken.
package enum DeliveryError: Error, Equatable, CustomStringConvertible {
    case notStarted(code: Int32)
    case ended(code: Int32)
    case killed(signal: Int32)
    case late(seconds: Double)
    case refused(status: Int)
    case unreachable(String)
    case stopped

    package var description: String {
        switch self {
        case .notStarted(let code): "the command cannot be started: \(String(cString: strerror(code)))"
        case .ended(let code): "the command ended with code \(code)"
        case .killed(let signal): "the command was ended by signal \(signal)"
        case .late(let seconds): "the command was ended after \(seconds.formatted()) s"
        case .refused(let status): "the server answered \(status)"
        case .unreachable(let reason): reason
        case .stopped: "stopped"
        }
    }
}

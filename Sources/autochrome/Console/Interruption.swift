import Foundation
import Service
import Synchronization

/// Notes Ctrl-C and SIGTERM, so that long work can save itself and stop; a second one ends the program at once.
final class Interruption: Sendable {
    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    private let flag: Flag
    private let signals: SignalListener

    /// Whether a signal came.
    var requested: Bool { flag.isSet.load(ordering: .relaxed) }

    /// - Parameter message: Printed at the first signal.
    init(message: String = "saving …; once more to stop without") {
        let flag = Flag()
        self.flag = flag
        signals = SignalListener([SIGINT, SIGTERM], on: .global()) { _ in
            if flag.isSet.exchange(true, ordering: .relaxed) { _exit(130) }
            Output.complain(message)
        }
    }
}

import Foundation
import Synchronization

/// Notes Ctrl-C and SIGTERM, so that long work can save itself and stop; a second one ends the program at once.
final class Interruption: Sendable {
    private let flag = Atomic(false)
    // Safe as nobody uses them after `init`; they are only kept alive.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// Whether a signal came.
    var requested: Bool { flag.load(ordering: .relaxed) }

    init() {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global())
        }
        for source in sources {
            source.setEventHandler { [weak self] in
                guard let self else { return }
                if flag.exchange(true, ordering: .relaxed) { _exit(130) }
                Output.complain("saving …; once more to stop without")
            }
            source.resume()
        }
    }
}

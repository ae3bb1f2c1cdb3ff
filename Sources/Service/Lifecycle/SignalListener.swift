import Dispatch
import Foundation

/// Hears signals for as long as it lives; from the first on they do nothing else to the process.
package final class SignalListener: Sendable {
    // Safe as nobody uses them after `init` but `deinit`.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// - Parameters:
    ///   - queue: Where the reactions run.
    ///   - react: Gets the number of each signal that comes.
    package init(_ numbers: [Int32], on queue: DispatchQueue, _ react: @escaping @Sendable (Int32) -> Void) {
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { react(number) }
            source.activate()
            return source
        }
    }

    deinit { sources.forEach { $0.cancel() } }
}

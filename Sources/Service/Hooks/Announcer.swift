import Files
import Foundation
import Spool
import Synchronization

/// Tells a service's journal what others than its daemon do to the results in its outbox.
///
/// What is done is done: where the journal cannot be told, there is a remark for people and no more.
package final class Announcer: Sendable {
    private let outbox: String
    private let state: String
    private let store = Mutex<SQLiteJobStore?>(nil)

    package init(_ configuration: Configuration) {
        outbox = SpoolConfiguration.resolved(configuration.outbox)
        state = configuration.state
    }

    /// Tells of a choice; the remarks of what is in the way.
    package func announce(_ choice: Choice, of result: PublishedResult, in publisher: Publisher) -> [String] {
        tell(.chosen, result, in: publisher) { $0.variant = choice.chosen?.file }
    }

    /// Tells that a result was made anew; the remarks of what is in the way.
    package func announce(_ result: PublishedResult, in publisher: Publisher) -> [String] {
        tell(.published, result, in: publisher) { _ in }
    }

    private func tell(
        _ kind: Event.Kind, _ result: PublishedResult, in publisher: Publisher, _ change: (inout Event) -> Void
    ) -> [String] {
        guard let place = place(of: result, in: publisher) else { return [] }
        var event = Event(kind, at: Date(), path: place.parent.appending(result.source.name))
        event.content = result.identity.content
        event.result = place
        change(&event)
        do {
            try store.withLock { store in
                if store == nil { store = try SQLiteJobStore(state: state, setsAside: false) }
                try store?.announce(event)
            }
            return []
        } catch {
            return ["\(publisher.outbox.display(result.path)): the journal does not tell of it: \(error)"]
        }
    }

    /// A result's place in the service's outbox; nil where it lies elsewhere, or there is no service.
    private func place(of result: PublishedResult, in publisher: Publisher) -> RelativePath? {
        let ledger = state + "/" + SQLiteJobStore.fileName
        let folder = Array(SpoolConfiguration.resolved(publisher.outbox.path).utf8)
        let path = folder + [UInt8(ascii: "/")] + result.path.bytes
        guard path.starts(with: (outbox + "/").utf8), FileManager.default.fileExists(atPath: ledger) else { return nil }
        return RelativePath(bytes: Array(path.dropFirst(outbox.utf8.count + 1)))
    }
}

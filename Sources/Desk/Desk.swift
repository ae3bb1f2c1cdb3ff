import Dispatch
import Files
import Foundation
import Service
import Spool
import Synchronization

/// What lies behind the door: the outbox, its index, and the calls that change things.
///
/// Every change goes through the same calls as the command line.
final class Desk: Sendable {
    let options: DeskOptions
    let configuration: Configuration
    let spool: SpoolConfiguration
    let publisher: Publisher
    /// Held from the look at a choice to its change.
    let choosing = Mutex(())
    let inbox: Folder
    let index = ResultIndex()
    let folderBook: FolderBook
    let facts = FactsCache()
    let arrivals = Arrivals()
    let events = EventHub()
    let traffic = Traffic()
    let page: PageFiles
    let lookout: Lookout
    let work: DeskWork
    let studio: PreviewStudio
    /// Tells the journal of choices.
    let announcer: Announcer

    /// Seconds at most that the end of what is being made is waited for.
    private static let longestEnd = 20.0

    /// Opens the folders, which are made where they are missing.
    init(configuration: Configuration, options: DeskOptions) throws {
        self.options = options
        self.configuration = configuration
        spool = try configuration.spool(once: false).prepare()
        publisher = try Publisher(configuration: spool)
        inbox = try Folder(spool.inbox)
        folderBook = FolderBook(inbox: inbox, index: index)
        page = try PageFiles()
        lookout = Lookout(configuration: configuration, publisher: publisher, index: index, events: events)
        announcer = Announcer(configuration)
        work = DeskWork(configuration: configuration, outbox: spool.outbox, announcer: announcer)
        studio = PreviewStudio(threads: configuration.effectiveThreads, model: work.loadedModel)
    }

    var outbox: Folder { publisher.outbox }

    /// Begins to look out for what happens.
    func start() { lookout.start { [self] in describe($0) } }

    func stop() {
        lookout.stop()
        let end = DispatchTime.now() + Self.longestEnd
        work.stop(until: end)
        studio.stop(until: end)
        events.close()
    }

    /// A result as the wall shows it; nil where it is gone.
    func describe(_ id: DeskID) -> Entry? {
        guard let indexed = index.entry(id), let opened = try? OpenedResult(indexed, in: outbox, cache: facts) else {
            return nil
        }
        return entry(indexed, opened, lookout.busy)
    }

    func readiness() throws -> Response {
        guard (try? Folder.names(in: outbox.descriptor, outbox.path)) != nil else {
            let reason = "The outbox cannot be read."
            return try .json(Health(status: .unavailable, reason: reason), .serviceUnavailable)
        }
        guard index.isComplete else {
            return try .json(Health(status: .starting, reason: "The outbox is read."), .serviceUnavailable)
        }
        return try .json(Health(status: .ok))
    }

    func session(_ request: Request, _ door: Door) -> SessionDocument {
        SessionDocument(
            csrf: door.writeToken(request), user: door.user(request), version: Program.version,
            needsToken: door.secrets.needsToken,
            uploadBytes: Int(configuration.maximumMegabytes * 1e6), uploadTypes: Upload.types, inbox: spool.inbox)
    }

    /// Answers what is no page and takes a thread of its own.
    func answer(_ request: Request, _ endpoint: Endpoint, _ door: Door) throws -> Response {
        switch endpoint {
        case .metrics: try metrics()
        case .results: try results(request)
        case .result(let id): try .json(document(id))
        case .image(let id, let name): try image(id, name, request)
        case .folders: try folders()
        case .settings(let id): try request.method == .PUT ? setSettings(id, request) : settings(id)
        case .queue: try .json(lookout.queue())
        case .failures: try failures(request)
        case .retry: try retry(request)
        case .recolor: try recolor(request)
        case .choose(let id), .unchoose(let id), .undo(let id): try choose(id, request, endpoint)
        case .reroll(let id): try reroll(id, request)
        case .hints(let id): try hint(id, request)
        case .plainChoice(let id): try plainChoice(id, request, door)
        default: throw Refusal.notFound
        }
    }
}

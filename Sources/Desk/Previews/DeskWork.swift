import Colorization
import Digest
import Dispatch
import Files
import Foundation
import Service
import Spool
import Synchronization

/// Makes results anew in the background, one after another, by the same calls as `reroll` and `reprocess`.
final class DeskWork: Sendable {
    /// What is to be made.
    enum Order: Sendable {
        case reroll(keep: Set<Int>, seed: UInt64?)
        /// All variants, as they were before a re-roll.
        case draws([Draw])
        case hints([ColorHint])

        var kind: WorkDocument.Kind {
            switch self {
            case .reroll, .draws: .reroll
            case .hints: .hints
            }
        }
    }

    /// Orders that may wait.
    private static let limit = 64

    private let configuration: Configuration
    private let outbox: String
    private let announcer: Announcer
    private let queue = DispatchQueue(label: "autochrome.desk.work", qos: .utility)
    private let waiting = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)
    private let model = Mutex<LoadedModel?>(nil)

    init(configuration: Configuration, outbox: String, announcer: Announcer) {
        self.configuration = configuration
        self.outbox = outbox
        self.announcer = announcer
    }

    /// Has work in hand given up at its next step, and waits for that: libraries must not end under it.
    ///
    /// Results are exchanged whole or not at all.
    func stop(until end: DispatchTime) {
        isStopped.store(true, ordering: .relaxed)
        queue.drain(until: end)
    }

    /// The model, loaded when it is first needed.
    func loadedModel() throws -> LoadedModel {
        try model.withLock { model in
            if let model { return model }
            let loaded = try LoadedModel.load(configuration.model)
            model = loaded
            return loaded
        }
    }

    /// Puts an order in line.
    ///
    /// - Parameter note: Told how far it has come.
    func order(
        _ order: Order, of result: IndexEntry, name: String, note: @escaping @Sendable (WorkDocument) -> Void
    ) throws -> WorkDocument {
        guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= Self.limit else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            throw Refusal.busy
        }
        let document = WorkDocument(
            id: DeskID(random: .work), result: result.id, name: name, kind: order.kind, state: .waiting,
            stage: "waiting", reason: nil)
        note(document)
        queue.async { [self] in
            defer { waiting.wrappingSubtract(1, ordering: .relaxed) }
            if isStopped.load(ordering: .relaxed) { return }
            var document = document
            document.state = .inHand
            note(document)
            let stage = document
            switch run(
                order, result.path,
                progress: { name in
                    var document = stage
                    document.stage = name
                    note(document)
                })
            {
            case .done(_, let remarks):
                (document.state, document.stage) = (.done, "done")
                document.reason = remarks.isEmpty ? nil : remarks.joined(separator: "; ")
            case .alreadyDone: (document.state, document.stage) = (.done, "done")
            case .skipped(let reason), .failed(let reason):
                (document.state, document.stage, document.reason) = (.failed, "failed", reason)
            }
            note(document)
        }
        return document
    }

    private func run(
        _ order: Order, _ path: RelativePath, progress: @escaping @Sendable (String) -> Void
    ) -> BulkRun.Outcome {
        do {
            guard let place = String(validating: path.bytes, as: UTF8.self) else {
                return .failed("its name is not UTF-8")
            }
            let past = try PastResults(outbox + "/" + place, configuration: configuration)
            guard let item = past.items.first else { return .failed(past.problems.first ?? "it is gone") }
            var configuration = configuration
            // The daemon's workers have the cores.
            configuration.workers = 1
            let run = BulkRun(
                model: try loadedModel(), publisher: past.publisher, configuration: configuration, announcer: announcer,
                addsPreviews: true,
                progress: { [self] stage in
                    if isStopped.load(ordering: .relaxed) { throw CancellationError() }
                    progress(JobStage(stage).rawValue)
                },
                override: { _ in })
            let outcome =
                switch order {
                case .reroll(let keep, let seed):
                    run.reroll(item.original, replacing: item.result, keeping: keep, seed: seed)
                case .draws(let draws): run.redraw(item.original, replacing: item.result, as: draws)
                case .hints(let hints): run.recolor(item.original, replacing: item.result, under: hints)
                }
            guard case .done(let place, var warnings) = outcome else { return outcome }
            // What the result's metadata say is seen there.
            let known = (try? past.publisher.document(of: item.result))?.warnings ?? []
            warnings.removeAll(where: known.contains)
            if case .hints(let hints) = order, let remark = keep(hints, beside: item.original) {
                warnings.append(remark)
            }
            return .done(result: place, warnings: warnings)
        } catch {
            return .failed("\(error)")
        }
    }

    /// Writes hints beside the photograph, so that whoever makes its result again takes them; why that cannot be.
    ///
    /// It comes after the result: a daemon that sees them finds that its work is done.
    private func keep(_ hints: [ColorHint], beside item: InputFiles.Item) -> String? {
        let places = [configuration.inbox, configuration.archiveDirectory].map(SpoolConfiguration.resolved)
        guard places.contains(SpoolConfiguration.resolved(item.folder.path)) else { return nil }
        do {
            try OwnSettings.write(.hints(hints), beside: item.relative, in: item.folder)
            return nil
        } catch {
            return "The known colours are in this result, but cannot be kept beside the photograph: \(error)"
        }
    }
}

extension DispatchQueue {
    /// Waits until a serial queue has done what it was given.
    func drain(until end: DispatchTime) {
        let isDone = DispatchSemaphore(value: 0)
        async { isDone.signal() }
        _ = isDone.wait(timeout: end)
    }
}

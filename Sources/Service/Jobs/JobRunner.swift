import Files
import Colorization
import Digest
import Foundation
import Imaging
import Logging
import Spool
import Synchronization

/// Takes one file of the inbox through all its steps: identify, colour, publish, settle.
///
/// The ledger is told first and files are moved after, so that a crash between the two loses nothing.
package final class JobRunner: Sendable {
    /// The daemon's settings and model; a reload replaces them together.
    struct Current: Sendable {
        var configuration: Configuration
        var pipeline: ColoringPipeline
    }

    package let registry = InFlightRegistry()
    package let pending = PendingQueue()
    /// Files put back because they did not decode to their end.
    package let incomplete = Atomic<Int>(0)
    /// Files that failed for now or for good or were given up since the start.
    package let failures = Atomic<Int>(0)
    private let suspects = ReadersWriterLock()
    /// Files whose ledger rows could not be written when their work ended.
    private let unsettled = Mutex<[Candidate]>([])
    /// Files put back as incomplete: where one goes away again, nothing else tells the ledger.
    let growing = Mutex<Set<RelativePath>>([])
    /// Moves files for threads that must not wait: to another file system, a move is a copy.
    let moves = DispatchQueue(label: "autochrome.moves")
    private let moving = DispatchGroup()
    private let pictures = KeyedLock<ContentHash>()
    /// Work whose result may lie in the outbox while the ledger does not know it, and the file it is of.
    private let unrecorded = Mutex<[WorkIdentity: RelativePath]>([:])
    let spool: Spool
    private let current: Mutex<Current>
    private let decoder: SandboxedDecoder
    /// The memory for photographs, one for every pipeline: work of an old and a new one may be in hand at once.
    let budget: MemoryBudget
    let logger: Logger

    package init(
        spool: Spool, configuration: Configuration, model: LoadedModel, decoder: SandboxedDecoder, logger: Logger
    ) {
        self.spool = spool
        self.decoder = decoder
        self.logger = logger
        budget = MemoryBudget(megapixels: configuration.memoryMegapixels)
        current = Mutex(
            Current(
                configuration: configuration,
                pipeline: ColoringPipeline(
                    model: model, configuration: configuration, decoder: decoder, budget: budget)))
    }

    /// Uses another model, and what a running daemon can take over of another configuration, from the next job on.
    package func reload(_ configuration: Configuration, model: LoadedModel) {
        current.withLock { current in
            let next = current.configuration.reloaded(from: configuration)
            budget.resize(megapixels: next.memoryMegapixels)
            current = Current(
                configuration: next,
                pipeline: ColoringPipeline(model: model, configuration: next, decoder: decoder, budget: budget))
        }
    }

    package var configuration: Configuration { current.withLock { $0.configuration } }
    var pipeline: ColoringPipeline { current.withLock { $0.pipeline } }
    package var modelName: String { current.withLock { $0.pipeline.model.name } }

    /// Enters files that the intake found ready.
    package func receive(_ candidates: [Candidate]) {
        do {
            for (candidate, step) in zip(candidates, try spool.jobs.receive(candidates)) {
                if step.action == .enqueue { pending.push(candidate) } else { handOver(step) }
            }
        } catch {
            failures.add(1, ordering: .relaxed)
            logger.error("\(error); the files are looked at again at the next scan")
            for candidate in candidates { spool.intake.forget(candidate.path) }
            pauseIfFull(error)
        }
    }

    /// Queues the files whose next try is due.
    package func queueDue() {
        do {
            for job in try spool.jobs.due() { pending.push(job.candidate) }
        } catch {
            logger.error("\(error)")
        }
    }

    /// Gives back the files that the ledger could not be told about, once it can; they are queued again.
    package func settleAgain() {
        var rest = unsettled.withLock { list in
            defer { list = [] }
            return list
        }
        do {
            while let candidate = rest.last {
                if let step = try spool.jobs.settle(candidate.path) {
                    if step.job.state.isPending { pending.push(candidate) } else { handOver(step) }
                }
                rest.removeLast()
            }
        } catch {
            unsettled.withLock { $0 += rest }
        }
    }

    /// Withdraws the files that did not decode to their end and have left the inbox since.
    package func withdrawVanished() {
        let paths = growing.withLock { $0 }
        do {
            for path in try paths.filter({ try !spool.inbox.hasFile($0) }) {
                // One that is in hand again sees for itself.
                guard growing.withLock({ $0.remove(path) }) != nil else { continue }
                try spool.jobs.withdraw([path])
                spool.intake.forget(path)
            }
        } catch {
            logger.debug("\(error)")
        }
    }

    /// Does what a step of the ledger calls for; files are moved by another thread.
    package func handOver(_ step: Ledger.Step) {
        switch step.action {
        case .enqueue, .enqueueLater, .leave: perform(step)
        case .settleOriginal where configuration.originals == .keep: break
        case .settleOriginal, .setAside:
            moves.async(group: moving) { [self] in
                // What is not begun before the end is done after the next start.
                if pending.isClosed { return }
                let token = registry.begin(step.job.path.description)
                defer { registry.end(token) }
                if (try? registry.advance(token, to: .moving)) != nil { perform(step) }
            }
        }
    }

    /// Waits until every file that was handed over is moved or left for the next start.
    package func waitForMoves() { moving.wait() }

    /// Does what a step of the ledger calls for.
    package func perform(_ step: Ledger.Step) {
        let job = step.job
        switch step.action {
        case .enqueue: pending.push(job.candidate)
        case .enqueueLater, .leave: break
        case .settleOriginal: settle(job)
        case .setAside(let reason): setAside(job, reason)
        }
    }

    /// Works on one file; nothing that goes wrong with it gets out.
    package func run(_ candidate: Candidate) {
        defer { pending.finish(candidate) }
        do {
            guard let job = try spool.jobs.claim(candidate.path) else { return }
            let path = candidate.path
            growing.withLock { _ = $0.remove(path) }
            let token = registry.begin(path.description)
            defer { registry.end(token) }
            do {
                // One that was in hand when the process died must not take others with it again.
                try registry.advance(token, to: .waitingForTurn)
                try suspects.access(alone: job.deaths > 0) { try work(on: candidate, job, token) }
            } catch {
                try resolve(ErrorClass(error, of: path.escapedName), candidate, job)
            }
        } catch {
            // The ledger itself: with nothing written there, the file would wait for the next start.
            failures.add(1, ordering: .relaxed)
            logger.error("\(candidate.path): \(error); it will be tried again")
            pauseIfFull(error)
            unsettled.withLock { $0.append(candidate) }
        }
    }

    private func pauseIfFull(_ error: any Error) {
        if let error = error as? FileError, error.isDiskFull { pending.pause("\(error)") }
    }

    private func work(on candidate: Candidate, _ job: Job, _ token: Int) throws {
        try registry.advance(token, to: .opening)
        let file = try spool.inbox.openFile(candidate.path, expecting: candidate.stamp)
        let content = try file.hash()
        // The same picture under another name may be in hand; what it comes to will do for this one as well.
        try registry.advance(token, to: .waitingForTurn)
        try pictures.take(content) { try work(on: candidate, file, content, job, token) }
    }

    private func work(
        on candidate: Candidate, _ file: borrowing OpenedFile, _ content: ContentHash, _ job: Job, _ token: Int
    ) throws {
        let path = candidate.path
        let now = current.withLock { $0 }
        let configuration = try Sidecars.resolve(now.configuration, root: spool.inbox.path, relative: path)
        let settings = configuration.coloring
        let identity = WorkIdentity(
            content: content, model: now.pipeline.model.sha256, settings: settings.key)
        if let result = try done(job, identity, isReplaced: configuration.originals == .keep) {
            perform(try record(candidate, identity, result))
            return
        }

        try spool.publisher.requireSpace(candidate.stamp.size * Int64(2 * settings.samples) + 8 << 20)
        let staging = try spool.publisher.stage()
        let source = ColoringRequest.Source(file, at: path, in: spool.inbox, content: content)
        let metadata = try now.pipeline.run(
            ColoringRequest(source: source, settings: settings), reading: file, into: staging.path
        ) { try registry.advance(token, to: JobStage($0)) }
        try registry.advance(token, to: .publishing)
        unrecorded.withLock { $0[identity] = path }
        // An original that is not kept leaves its name to other photographs, whose results are no newer ones of it.
        let result = try staging.publish(
            metadata, of: path, content: content, previous: job.result,
            replacesOther: configuration.originals == .keep, spool.publisher)
        for other in try spool.jobs.displace(from: result, by: path, as: identity) { pending.push(other.candidate) }
        let step = try record(candidate, identity, result)
        let seconds = metadata.timings
        logger.info(
            """
            \(path): \(metadata.variants.count) variants in \(result), \
            \(String(format: "%.1f", seconds.decode + seconds.conditioning + seconds.sampling + seconds.rendering)) s
            """)
        for warning in metadata.warnings { logger.notice("\(path): \(warning)") }
        perform(step)
    }

    /// Tells the ledger where a file's result lies.
    private func record(_ candidate: Candidate, _ identity: WorkIdentity, _ result: RelativePath) throws -> Ledger.Step
    {
        let step = try spool.jobs.published(
            candidate.path, stamp: candidate.stamp, sidecars: candidate.sidecars, as: identity, result: result)
        unrecorded.withLock { $0[identity] = nil }
        return step
    }

    /// Where this very work lies in the outbox; nil where it does not.
    ///
    /// `isReplaced` says that what the file's last result was made of is no more: then that result must not stay.
    private func done(_ job: Job, _ identity: WorkIdentity, isReplaced: Bool) throws -> RelativePath? {
        let path = job.path
        switch try spool.jobs.identify(path, as: identity) {
        case .published(let result):
            if try spool.publisher.result(at: result)?.identity == identity { return result }
        case .duplicate(let other, let result):
            if isReplaced, let own = job.result, own != result, try spool.publisher.result(at: own)?.source == path {
                break
            }
            // One that cannot be read keeps its own photograph waiting, and not this one.
            if (try? spool.publisher.result(at: result))?.identity == identity {
                logger.info("\(path): the same picture as \(other); its variants are in \(result)")
                return result
            }
        case .new:
            if let other = unrecorded.withLock({ $0[identity] }),
                let result = try spool.publisher.find(source: other, identity: identity)
            {
                return result
            }
        }
        return try spool.publisher.find(source: path, identity: identity) {
            try spool.jobs.isResult($0, ofOtherThan: path)
        }
    }
}

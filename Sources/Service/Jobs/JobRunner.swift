import Colorization
import Digest
import Files
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
    /// Files returned to the intake because they did not decode to their end.
    package let incomplete = Atomic<Int>(0)
    /// Files that failed for now or for good or were given up since the start.
    package let failures = Atomic<Int>(0)
    /// Lets a file that was in hand when the process died run alone.
    private let solitude = ReadersWriterLock()
    /// Files whose ledger rows could not be written when their work ended.
    let unrecordedEnds = Mutex<[Candidate]>([])
    /// Files returned as incomplete: where one goes away again, nothing else tells the ledger.
    let growing = Mutex<Set<RelativePath>>([])
    /// Moves files for threads that must not wait: to another file system, a move is a copy.
    let moves = DispatchQueue(label: "autochrome.moves")
    let moving = DispatchGroup()
    /// Keeps one photograph under two names from being coloured twice side by side.
    let photographs = KeyedLock<ContentHash>()
    /// Work whose result may lie in the outbox while the ledger does not know it, and the file it is of.
    let unrecordedResults = Mutex<[WorkIdentity: RelativePath]>([:])
    let spool: Spool
    let logger: Logger
    /// Gives the work to other machines; nil where all of it is done here.
    let coordinator: Coordinator?
    private let current: Mutex<Current>
    private let decoder: SandboxedDecoder
    /// The memory for photographs, one for every pipeline: work of an old and a new one may be in hand at once.
    let budget: Budget
    /// The same of the turns at colouring.
    private let turns: ColoringTurns

    package init(
        spool: Spool, configuration: Configuration, model: LoadedModel, decoder: SandboxedDecoder, logger: Logger,
        coordinator: Coordinator? = nil
    ) {
        self.spool = spool
        self.coordinator = coordinator
        self.decoder = decoder
        self.logger = logger
        budget = Budget(configuration.memoryMegapixels)
        turns = ColoringTurns(configuration.effectiveWorkers)
        current = Mutex(
            Current(
                configuration: configuration,
                pipeline: ColoringPipeline(
                    model: model, configuration: configuration, decoder: decoder, budget: budget, turns: turns)))
    }

    /// Uses another model, and those settings of another configuration that a running daemon can take over, from the next
    /// job on.
    package func reload(_ configuration: Configuration, model: LoadedModel) {
        current.withLock { current in
            let next = current.configuration.reloaded(from: configuration)
            budget.resize(next.memoryMegapixels)
            current = Current(
                configuration: next,
                pipeline: ColoringPipeline(
                    model: model, configuration: next, decoder: decoder, budget: budget, turns: turns))
        }
    }

    /// Settings and model of one moment.
    var now: Current { current.withLock { $0 } }
    package var configuration: Configuration { now.configuration }
    package var modelName: String { now.pipeline.model.name }

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

    /// Works on one file; no error of its work gets out.
    package func run(_ candidate: Candidate) {
        var isGiven = false
        attempt(candidate) { job in
            let step = try takeTurn(candidate, job)
            isGiven = step == nil
            return step
        }
        // What other machines have is in hand until their report.
        if !isGiven { pending.finish(candidate) }
    }

    /// Claims a file, and performs the step that its work leaves; no error of its work gets out.
    func attempt(_ candidate: Candidate, _ work: (Job) throws -> JobStep?) {
        do {
            guard let job = try spool.jobs.claim(candidate.path) else { return }
            growing.withLock { _ = $0.remove(candidate.path) }
            do {
                if let step = try work(job) { perform(step) }
            } catch {
                try resolve(ErrorClass(error, of: candidate.path.escapedName), candidate, job)
            }
        } catch {
            // The ledger itself: with nothing written there, the file would wait for the next start.
            failures.add(1, ordering: .relaxed)
            logger.error("\(candidate.path): \(error); it will be tried again")
            pauseIfFull(error)
            unrecordedEnds.withLock { $0.append(candidate) }
        }
    }

    /// Works on a claimed file once it is its turn; the step that is left is to be performed.
    private func takeTurn(_ candidate: Candidate, _ job: Job) throws -> JobStep? {
        let token = registry.begin(candidate.path.description)
        defer { registry.end(token) }
        // A file that was in hand when the process died must not take others with it again.
        try registry.advance(token, to: .waitingForTurn)
        return try solitude.access(alone: job.deaths > 0) { try work(on: candidate, job, token) }
    }

    private func pauseIfFull(_ error: any Error) {
        if let error = error as? FileError, error.isDiskFull { pending.pause("\(error)") }
    }

    /// Does a step of the ledger at once.
    package func perform(_ step: JobStep) {
        let job = step.job
        switch step.action {
        case .enqueue: pending.push(job.candidate)
        case .enqueueLater, .leave: break
        case .settleOriginal: move(job) { settle(job, progress: $0) }
        case .setAside(let reason):
            failures.add(1, ordering: .relaxed)
            move(job) { setAside(job, reason, progress: $0) }
        }
    }

    /// Moves a file as a job of its own, which a copy to another file system keeps in hand for long.
    ///
    /// Once work is to be given up none begins, and one that copies ends: it is made after the next start.
    private func move(_ job: Job, _ body: (_ progress: () throws -> Void) -> Void) {
        let token = registry.begin(job.path.description)
        defer { registry.end(token) }
        let progress = { try self.registry.advance(token, to: .moving) }
        if (try? progress()) != nil { body(progress) }
    }

    /// Does a step of the ledger; files are moved by another thread.
    package func handOver(_ step: JobStep) {
        switch step.action {
        case .enqueue, .enqueueLater, .leave: perform(step)
        case .settleOriginal where configuration.originals == .keep: break
        case .settleOriginal, .setAside:
            moves.async(group: moving) { [self] in
                // A move that is not begun before the end is made after the next start.
                if !pending.isClosed { perform(step) }
            }
        }
    }

    /// Waits until every file that was handed over is moved or left for the next start.
    package func waitForMoves() { moving.wait() }
}

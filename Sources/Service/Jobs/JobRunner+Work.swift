import Colorization
import Digest
import Files
import Foundation
import Spool

extension JobRunner {
    /// One file's work, once its content is known.
    struct Work {
        let candidate: Candidate
        let job: Job
        /// Names the job in the registry.
        let token: Int
        let pipeline: ColoringPipeline
        let configuration: Configuration
        let request: ColoringRequest
        let identity: WorkIdentity

        /// Whether the original stays in the inbox.
        ///
        /// One that does not leaves its name to other photographs, whose results are no newer ones of it.
        var keepsOriginal: Bool { configuration.originals == .keep }
        var path: RelativePath { candidate.path }
    }

    /// Takes a claimed file from opening it to publishing its result; the step that is left is to be performed.
    ///
    /// - Returns: nil where the work was given to a queue, whose report will end it.
    func work(on candidate: Candidate, _ job: Job, _ token: Int) throws -> JobStep? {
        try registry.advance(token, to: .opening)
        let file = try spool.inbox.openFile(candidate.path, expecting: candidate.stamp)
        let content = try file.hash()
        // The same photograph may be in hand under another name; its result will do for this one as well.
        try registry.advance(token, to: .waitingForTurn)
        return try photographs.take(content) {
            let work = try identify(file, content, candidate, job, token)
            if let step = try recordEarlierResult(of: work) { return step }
            guard let coordinator else { return try color(file, work) }
            try dispatch(work, by: coordinator)
            return nil
        }
    }

    /// The work that a file calls for, by its content, its sidecars, and the settings and model of this moment.
    private func identify(
        _ file: borrowing OpenedFile, _ content: ContentHash, _ candidate: Candidate, _ job: Job, _ token: Int
    ) throws -> Work {
        let now = now
        let configuration = try Sidecars.resolve(
            now.configuration, root: spool.inbox.path, relative: candidate.path)
        let settings = configuration.coloring
        var request = ColoringRequest(
            source: .init(file, at: candidate.path, in: spool.inbox, content: content), settings: settings)
        request.previews = true
        return Work(
            candidate: candidate, job: job, token: token, pipeline: now.pipeline, configuration: configuration,
            request: request,
            identity: WorkIdentity(content: content, model: now.pipeline.model.sha256, settings: settings.key))
    }

    /// Records the result that this very work has already; nil where it has none.
    private func recordEarlierResult(of work: Work) throws -> JobStep? {
        try earlierResult(of: work).map { result in
            // A worker has put it beside an older one, and this coordinator ended before it knew.
            let place =
                coordinator == nil
                ? result : try promoted(result, of: work.path, work.identity, previous: work.job.result)
            return try record(place, of: work)
        }
    }

    /// Colours, publishes and records; the step that is left is to be performed.
    private func color(_ file: borrowing OpenedFile, _ work: Work) throws -> JobStep {
        let staging = try stage(work)
        let earlier = spool.publisher.result(
            of: work.path, content: work.identity.content, previous: work.job.result)
        let request = try work.request.keepingDraws(of: earlier, spool.publisher)
        let metadata = try work.pipeline.run(request, reading: file, into: staging.path) {
            try registry.advance(work.token, to: JobStage($0))
        }
        let result = try publish(staging, metadata, of: work)
        try requeueDisplaced(by: result, of: work.path, work.identity)
        let step = try record(result, of: work)
        log(result, metadata, of: work)
        for remark in staging.choiceRemarks { logger.notice("\(work.path): \(remark)") }
        return step
    }

    /// Makes a folder for the result, if there is room for it.
    private func stage(_ work: Work) throws -> Staging {
        try spool.publisher.requireSpace(work.request.resultBytes)
        return try spool.publisher.stage()
    }

    private func publish(_ staging: Staging, _ metadata: ResultMetadata, of work: Work) throws -> RelativePath {
        try registry.advance(work.token, to: .publishing)
        unrecordedResults.withLock { $0[work.identity] = work.path }
        return try staging.publish(
            metadata, of: work.path, content: work.identity.content, previous: work.job.result,
            replacesOther: work.keepsOriginal, spool.publisher)
    }

    /// Queues the files that shared a result which this one's has replaced.
    func requeueDisplaced(by result: RelativePath, of path: RelativePath, _ identity: WorkIdentity) throws {
        for other in try spool.jobs.displace(from: result, by: path, as: identity) {
            pending.push(other.candidate)
        }
    }

    /// Tells the ledger where a file's result lies.
    private func record(_ result: RelativePath, of work: Work) throws -> JobStep {
        let step = try spool.jobs.published(
            work.path, stamp: work.candidate.stamp, sidecars: work.candidate.sidecars, as: work.identity,
            result: result)
        unrecordedResults.withLock { $0[work.identity] = nil }
        return step
    }

    private func log(_ result: RelativePath, _ metadata: ResultMetadata, of work: Work) {
        let times = metadata.timings
        let seconds = times.decode + times.conditioning + times.sampling + times.rendering
        logger.info(
            "\(work.path): \(metadata.variants.count) variants in \(result), \(String(format: "%.1f", seconds)) s")
        for warning in metadata.warnings { logger.notice("\(work.path): \(warning)") }
    }

    /// The place of this very work's result in the outbox; nil where there is none.
    private func earlierResult(of work: Work) throws -> RelativePath? {
        let (path, identity) = (work.path, work.identity)
        switch try spool.jobs.identify(path, as: identity) {
        case .published(let result):
            if try spool.publisher.result(at: result)?.identity == identity { return result }
        case .duplicate(let other, let result):
            if try mustReplaceOwnResult(of: work, besides: result) { break }
            // A result that cannot be read keeps its own photograph waiting, and not this one.
            if (try? spool.publisher.result(at: result))?.identity == identity {
                logger.info("\(path): the same picture as \(other); its variants are in \(result)")
                return result
            }
        case .new:
            if let other = unrecordedResults.withLock({ $0[identity] }),
                let result = try spool.publisher.find(source: other, identity: identity)
            {
                return result
            }
        }
        return try spool.publisher.find(source: path, identity: identity) {
            try spool.jobs.isResult($0, ofOtherThan: path)
        }
    }

    /// Whether a file's own last result must not stay, since the content that it was made from is no more.
    private func mustReplaceOwnResult(of work: Work, besides result: RelativePath) throws -> Bool {
        guard work.keepsOriginal, let own = work.job.result, own != result else { return false }
        return try spool.publisher.result(at: own)?.source == work.path
    }
}

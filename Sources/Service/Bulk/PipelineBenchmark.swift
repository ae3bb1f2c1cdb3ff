import Colorization
import Files
import Foundation
import Imaging
import Spool
import Synchronization

/// Times many small photographs on their whole way from file to published result.
package struct PipelineBenchmark: Sendable {
    /// The figures of a run.
    package struct Report: Sendable, Encodable {
        package var photographs: Int
        package var megapixels: Double
        package var threads: Int
        /// Seconds of the whole run, the model being loaded.
        package var seconds = 0.0
        package var imagesPerMinute = 0.0
        /// Mean seconds of a photograph in each stage; `rest` is opening, hashing, waiting for its turn and publishing.
        package var stages: [String: Double] = [:]
        /// Mean seconds of processor time for a photograph, the decoders' too.
        package var processorSeconds = 0.0
        /// Share of the cores' time in which they did nothing for this.
        package var idle = 0.0
    }

    private static let size = (width: 640, height: 480)

    private let model: LoadedModel
    private let threads: Int

    package init(model: LoadedModel, threads: Int) {
        (self.model, self.threads) = (model, threads)
    }

    /// Colours so many photographs in a folder of its own, which is removed.
    /// - Throws: The reason of the first photograph that fails, or of a folder that cannot be written.
    package func run(photographs count: Int) throws -> Report {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("autochrome-pipeline-\(getpid())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let (input, output) = (folder.appendingPathComponent("in").path, folder.appendingPathComponent("out").path)
        for path in [input, output] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        for number in 0..<count {
            try StageBenchmark.writePhotograph(
                width: Self.size.width, height: Self.size.height, seed: UInt64(number),
                to: "\(input)/\(number).jpg")
        }
        var report = Report(
            photographs: count, megapixels: Double(Self.size.width * Self.size.height) / 1e6, threads: threads)
        let processor = Self.processorSeconds
        let start = ContinuousClock.now
        let inHand = try colorize(input, output, count)
        report.seconds = start.duration(to: .now) / .seconds(1)
        let used = Self.processorSeconds - processor
        report.imagesPerMinute = 60 * Double(count) / report.seconds
        report.processorSeconds = used / Double(count)
        report.idle = max(0, 1 - used / (Double(threads) * report.seconds))
        report.stages = try stages(of: output, inHand: inHand)
        return report
    }

    /// Colours the photographs; returns the seconds for which each was in hand, added up.
    ///
    /// The decoders end with it, so that their processor time is known.
    private func colorize(_ input: String, _ output: String, _ count: Int) throws -> Double {
        var configuration = Configuration()
        configuration.threads = threads
        configuration.workers = min(threads, count)
        let run = BulkRun(
            model: model, publisher: try Publisher(outbox: output, reserveBytes: 0), configuration: configuration
        ) { _ in }
        let inHand = Mutex(0.0)
        let failure = Mutex<String?>(nil)
        run.run(InputFiles([input]).items) { item in
            let start = ContinuousClock.now
            let outcome = run.colorize(item)
            inHand.withLock { $0 += start.duration(to: .now) / .seconds(1) }
            return outcome
        } report: { item, outcome in
            if case .done = outcome { return }
            failure.withLock { $0 = $0 ?? "\(item.display): \(outcome)" }
        }
        if let reason = failure.withLock({ $0 }) { throw Failure(description: reason) }
        return inHand.withLock { $0 }
    }

    struct Failure: Error, CustomStringConvertible { let description: String }

    private func stages(of output: String, inHand: Double) throws -> [String: Double] {
        let publisher = try Publisher(outbox: output, reserveBytes: 0)
        var times: [ResultMetadata.Timings] = []
        try publisher.forEachResult(unreadable: { _ in }) { result in
            if let metadata = try publisher.document(of: result) { times.append(metadata.timings) }
        }
        let stages: [(String, KeyPath<ResultMetadata.Timings, Double>)] = [
            ("decode", \.decode), ("conditioning", \.conditioning), ("sampling", \.sampling),
            ("rendering", \.rendering),
        ]
        let count = Double(max(1, times.count))
        var means = Dictionary(
            uniqueKeysWithValues: stages.map { name, path in
                (name, times.reduce(0) { $0 + $1[keyPath: path] } / count)
            })
        means["rest"] = inHand / count - means.values.reduce(0, +)
        return means
    }

    /// Processor time of this process and of the children that have ended.
    private static var processorSeconds: Double {
        [RUSAGE_SELF, RUSAGE_CHILDREN].reduce(0) { sum, who in
            var usage = rusage()
            getrusage(__rusage_who_t(who.rawValue), &usage)
            return [usage.ru_utime, usage.ru_stime].reduce(sum) {
                $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
            }
        }
    }
}

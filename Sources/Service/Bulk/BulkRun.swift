import Colorization
import Digest
import Files
import Foundation
import Imaging
import Spool
import Synchronization

/// Colours many photographs into one folder, side by side; results that are there already are not made again.
package struct BulkRun: Sendable {
    /// The outcome for one photograph.
    package enum Outcome: Sendable, Equatable {
        case done(result: String, warnings: [String])
        case alreadyDone
        case skipped(String)
        case failed(String)
    }

    private let pipeline: ColoringPipeline
    private let publisher: Publisher
    private let configuration: Configuration
    private let transfer: LatentTransfer?
    /// Laid over everything else: what the command line says.
    private let override: @Sendable (inout ColoringSettings) -> Void

    package init(
        model: LoadedModel, publisher: Publisher, configuration: Configuration, transfer: LatentTransfer? = nil,
        override: @escaping @Sendable (inout ColoringSettings) -> Void
    ) {
        pipeline = ColoringPipeline(model: model, configuration: configuration, decoder: SandboxedDecoder())
        self.transfer = transfer
        self.publisher = publisher
        self.configuration = configuration
        self.override = override
    }

    /// Works off all items on as many workers as the configuration says; `report` is called on theirs.
    package func run<Item: Sendable>(
        _ items: [Item], each: @escaping @Sendable (Item) -> Outcome,
        report: @escaping @Sendable (Item, Outcome) -> Void
    ) {
        let next = Atomic<Int>(0)
        let pool = WorkerPool()
        withoutActuallyEscaping(each) { each in
            pool.start(workers: min(configuration.effectiveWorkers, items.count)) {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                return index < items.count ? items[index] : nil
            } work: { item in
                report(item, each(item))
            }
            pool.wait()
        }
    }

    /// Colours one photograph to the place that follows from its path.
    package func colorize(_ item: InputFiles.Item) -> Outcome {
        attempt(item) { file, request, identity in
            if try publisher.find(source: item.relative, identity: identity) != nil { return .alreadyDone }
            let (staging, metadata) = try color(request, file)
            let result = try staging.publish(
                metadata, of: item.relative, content: identity.content, previous: nil, replacesOther: true, publisher)
            return .done(result: publisher.outbox.display(result), warnings: metadata.warnings)
        }
    }

    /// Colours one photograph again and puts the result in the place of an older one.
    ///
    /// - Parameter force: Whether to work even where the result is up to date.
    package func recolor(_ item: InputFiles.Item, replacing result: PublishedResult, force: Bool) -> Outcome {
        attempt(item) { file, request, identity in
            let isRendered = result.rendering == ResultMetadata.currentRendering
            if !force, isRendered, result.identity == identity { return .alreadyDone }
            var (staging, metadata) = try color(request, file)
            // It stays the result of that name, whatever the original is called in the archive.
            metadata.source.name = result.source.escapedName
            try staging.add(metadata, of: result.source)
            try publisher.publish(staging, as: result.path, replacing: true)
            return .done(result: publisher.outbox.display(result.path), warnings: metadata.warnings)
        }
    }

    private func color(
        _ request: ColoringRequest, _ file: borrowing OpenedFile
    ) throws -> (Staging, ResultMetadata) {
        try publisher.requireSpace(request.resultBytes)
        let staging = try publisher.stage()
        return (staging, try pipeline.run(request, reading: file, into: staging.path) { _ in })
    }

    private func attempt(
        _ item: InputFiles.Item,
        _ body: (borrowing OpenedFile, ColoringRequest, WorkIdentity) throws -> Outcome
    ) -> Outcome {
        do {
            let file = try item.folder.openFile(item.relative)
            let content = try file.hash()
            if let expected = item.content, expected != content {
                return .failed("its original is gone: another photograph has its name")
            }
            var settings = try Sidecars.resolve(
                configuration, root: item.folder.path, relative: item.relative
            ).coloring
            override(&settings)
            try settings.validate()
            let request = ColoringRequest(
                source: .init(file, at: item.relative, in: item.folder, content: content), settings: settings,
                transfer: transfer)
            let identity = WorkIdentity(
                content: content, model: pipeline.model.sha256, settings: settings.key(transfer))
            return try body(file, request, identity)
        } catch {
            switch ErrorClass(error, of: item.relative.escapedName) {
            case .skipped(let reason): return .skipped(reason)
            case .incomplete(let reason), .temporary(let reason), .noSpace(let reason), .permanent(let reason):
                return .failed(reason)
            case .gone: return .failed("\(error)")
            case .abandoned: return .failed("given up")
            }
        }
    }
}

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

    let pipeline: ColoringPipeline
    let publisher: Publisher
    private let configuration: Configuration
    /// Tells others of results that are made anew; nil where nobody is to be told.
    private let announcer: Announcer?
    private let transfer: LatentTransfer?
    /// Laid over everything else: what the command line says.
    private let override: @Sendable (inout ColoringSettings) -> Void
    /// Whether small pictures are made for results that have none.
    private let addsPreviews: Bool
    private let progress: @Sendable (ColoringStage) throws -> Void

    package init(
        model: LoadedModel, publisher: Publisher, configuration: Configuration, transfer: LatentTransfer? = nil,
        announcer: Announcer? = nil, addsPreviews: Bool = false, decoder: SandboxedDecoder = SandboxedDecoder(),
        progress: @escaping @Sendable (ColoringStage) throws -> Void = { _ in },
        override: @escaping @Sendable (inout ColoringSettings) -> Void
    ) {
        pipeline = ColoringPipeline(model: model, configuration: configuration, decoder: decoder)
        self.transfer = transfer
        self.announcer = announcer
        self.publisher = publisher
        self.configuration = configuration
        self.override = override
        self.progress = progress
        self.addsPreviews = addsPreviews
    }

    /// Works off all items on as many workers as the configuration says; `report` is called on theirs.
    package func run<Item: Sendable>(
        _ items: [Item], each: @escaping @Sendable (Item) -> Outcome,
        report: @escaping @Sendable (Item, Outcome) -> Void
    ) {
        let next = Atomic<Int>(0)
        let pool = WorkerPool()
        withoutActuallyEscaping(each) { each in
            pool.start(workers: min(configuration.imagesInHand, items.count)) {
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
            let earlier = publisher.result(of: item.relative, content: identity.content)
            let (staging, metadata) = try color(request.keepingDraws(of: earlier, publisher), file)
            let result = try staging.publish(
                metadata, of: item.relative, content: identity.content, previous: nil,
                replacesOther: hasResult(metadata.source.path, named: item.relative), publisher)
            return .done(
                result: publisher.outbox.display(result), warnings: metadata.warnings + staging.choiceRemarks)
        }
    }

    /// Whether what has a photograph's place in the outbox was made from the file at its path.
    ///
    /// Another folder's photograph of the same name keeps its result.
    private func hasResult(_ path: String, named source: RelativePath) throws -> Bool {
        try publisher.namesake(of: source).flatMap { try publisher.document(of: $0) }?.source.path == path
    }

    /// Says whether one photograph has its result, and makes none.
    package func check(_ item: InputFiles.Item) -> Outcome {
        attempt(item) { _, _, identity in
            let result = try publisher.find(source: item.relative, identity: identity)
            return result == nil ? .failed("it has no result") : .alreadyDone
        }
    }

    /// Colours one photograph again and puts the result in the place of an older one.
    ///
    /// Draws that a person has chosen to keep stay as they are, and so do hints where no others are given.
    ///
    /// - Parameters:
    ///   - force: Whether to work even where the result is up to date.
    ///   - keepsHints: Whether the result's hints hold where its photograph's settings have none.
    package func recolor(
        _ item: InputFiles.Item, replacing result: PublishedResult, force: Bool, keepsHints: Bool = true
    ) -> Outcome {
        attempt(item) { settings in
            guard let metadata = try publisher.document(of: result) else { return }
            if let reference = metadata.reference {
                throw Unfit.leftAlone("its palette is of \(reference.name): transfer makes it again")
            }
            if keepsHints, settings.hints.isEmpty { settings.hints = metadata.givenHints }
        } body: { file, request, identity in
            let isRendered = result.rendering == ResultMetadata.currentRendering
            if !force, isRendered, result.identity == identity { return .alreadyDone }
            return try replace(result, request.keepingDraws(of: result, publisher), file)
        }
    }

    /// A result's folder, for messages.
    package func display(_ result: PublishedResult) -> String { publisher.outbox.display(result.path) }

    /// A result as it is now; nil where it cannot be read.
    package func report(on result: PublishedResult) -> ResultReport? { try? ResultReport(result, in: publisher) }

    /// Colours and puts the result in the place of an older one.
    func replace(
        _ result: PublishedResult, _ request: ColoringRequest, _ file: borrowing OpenedFile,
        remarks: (ResultMetadata) -> [String] = { _ in [] }
    ) throws -> Outcome {
        var request = request
        let gray = result.path.appending(PreviewFiles.gray)
        request.previews = try addsPreviews || publisher.outbox.hasFile(gray)
        var (staging, metadata) = try color(request, file)
        // It stays the result of that name, whatever the original is called in the archive.
        metadata.source.name = result.source.escapedName
        try staging.add(metadata, of: result.source)
        try publisher.publish(staging, as: result.path, replacing: true)
        return .done(
            result: publisher.outbox.display(result.path),
            warnings: metadata.warnings + remarks(metadata) + staging.choiceRemarks
                + (announcer?.announce(result, in: publisher) ?? []))
    }

    private func color(
        _ request: ColoringRequest, _ file: borrowing OpenedFile
    ) throws -> (Staging, ResultMetadata) {
        try publisher.requireSpace(request.resultBytes)
        let staging = try publisher.stage()
        return (staging, try pipeline.run(request, reading: file, into: staging.path) { try progress($0) })
    }

    /// Why a result is not made again.
    enum Unfit: Error {
        case leftAlone(String)
        case impossible(String)

        static let damaged = impossible("its metadata is of another version or damaged")
    }

    /// Opens a photograph, finds its settings, and has it worked on.
    ///
    /// - Parameter adapt: Changes the settings that hold for it.
    func attempt(
        _ item: InputFiles.Item, adapt: (inout ColoringSettings) throws -> Void = { _ in },
        body: (borrowing OpenedFile, ColoringRequest, WorkIdentity) throws -> Outcome
    ) -> Outcome {
        do {
            let file = try item.folder.openFile(item.relative)
            let content = try file.hash()
            if let expected = item.content, expected != content {
                return .failed("its original is gone: another photograph has its name")
            }
            var settings = try Sidecars.resolve(
                configuration, root: item.settingsRoot ?? item.folder.path, relative: item.relative,
                own: item.folder.path
            ).coloring
            override(&settings)
            try adapt(&settings)
            try settings.validate()
            let request = ColoringRequest(
                source: .init(file, at: item.relative, in: item.folder, content: content), settings: settings,
                transfer: transfer)
            let identity = WorkIdentity(
                content: content, model: pipeline.model.sha256, settings: settings.key(transfer))
            return try body(file, request, identity)
        } catch Unfit.leftAlone(let reason) {
            return .skipped(reason)
        } catch Unfit.impossible(let reason) {
            return .failed(reason)
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

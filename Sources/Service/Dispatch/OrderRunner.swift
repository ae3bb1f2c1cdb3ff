import Colorization
import Digest
import Files
import Foundation
import Spool

/// Carries out orders on folders that several machines share.
struct OrderRunner: Sendable {
    /// Seconds for which caches of a network file system may hide a file that is there.
    static let patience = 60.0

    let inbox: Folder
    let publisher: Publisher
    let folders: SharedFolders

    /// Why a worker gives an order back for another one to carry out.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    /// Throws where inbox and outbox are not, or no longer, the folders that this worker began with.
    func verifyFolders() throws {
        // By their paths: what is mounted there may have changed since.
        let found = try SharedFolders(inbox: Folder(inbox.path), outbox: Folder(publisher.outbox.path), makes: false)
        guard found == folders else { throw Refusal(description: "\(inbox.path) is another inbox by now") }
    }

    /// Makes and publishes the result that an order asks for, unless it is there already.
    ///
    /// - Parameter progress: Called with each stage, and while it waits for the file; what it throws gives the work up.
    func run(_ lease: Lease, _ pipeline: ColoringPipeline, progress: (JobStage) throws -> Void) throws {
        let order = lease.order
        let settings = try settings(of: order, pipeline)
        try progress(.opening)
        if try publisher.find(source: order.path, identity: order.identity) != nil { return }
        let file = try open(lease, progress)
        var request = ColoringRequest(
            source: .init(file, at: order.path, in: inbox, content: order.identity.content), settings: settings)
        // As the coordinator calls it: where a worker has mounted the inbox is nobody's business.
        if !order.root.isEmpty {
            request.source.root = order.root
            request.source.path = order.root + "/" + order.path.description
        }
        request.previews = true
        let earlier = publisher.result(of: order.path, content: order.identity.content)
        request = try request.keepingDraws(of: earlier, publisher)
        try publisher.requireSpace(request.resultBytes)
        let staging = try publisher.stage()
        let metadata = try pipeline.run(request, reading: file, into: staging.path) { try progress(JobStage($0)) }
        try progress(.publishing)
        try staging.add(metadata, of: order.path)
        _ = try publisher.publishBesideOthers(staging, source: order.path, identity: order.identity)
    }

    /// The settings of an order; throws `Refusal` where this program or model is not the one that it is meant for.
    private func settings(of order: WorkOrder, _ pipeline: ColoringPipeline) throws -> ColoringSettings {
        guard order.version == Program.version else {
            throw Refusal(description: "it is for version \(order.version), and this is \(Program.version)")
        }
        guard order.identity.model == pipeline.model.sha256 else {
            throw Refusal(
                description: "it is for the model \(order.identity.model.prefix(8)), and this one has "
                    + "\(pipeline.model.sha256.prefix(8))")
        }
        var configuration = Configuration()
        try ConfigurationFile.overlay(order.settings, name: "the order of \(order.path)", on: &configuration)
        guard configuration.coloring.key == order.identity.settings else {
            throw Refusal(description: "its settings mean something else here")
        }
        return configuration.coloring
    }

    /// Opens the very file that an order is about, which may show later than the order.
    private func open(_ lease: Lease, _ progress: (JobStage) throws -> Void) throws -> OpenedFile {
        let end = ContinuousClock.now + .seconds(max(1, Self.patience - lease.age))
        while true {
            do {
                let file = try inbox.openSeenFile(lease.order.path)
                guard file.stamp.size == lease.order.size, try file.hash() == lease.order.identity.content else {
                    throw FileError.changed(path: inbox.display(lease.order.path))
                }
                return file
            } catch let error as FileError where (error.isGone || error.isStale) && ContinuousClock.now < end {
                try progress(.opening)
                usleep(200_000)
            }
        }
    }
}

import ArgumentParser
import Files
import Foundation
import Imaging
import Service
import Spool

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hand results over: as plain files, as a BagIt bag, or as IIIF for image viewers.",
        discussion: """
            The folder is there whole or not at all. A run that was broken off goes on where it was, and one that is
            repeated finds its work done; anything else that lies there is left alone.

            Examples:
              autochrome export outbox --to handover --chosen
              autochrome export outbox/album --to album-bag --bagit --originals
              autochrome export outbox --to /var/www/iiif --iiif https://archive.example/iiif
            """)

    @Argument(help: "Results, or folders that hold results.", completion: .file()) var path: [String]
    @Option(
        help: ArgumentHelp("The folder to put them into; it must not be there yet, or be empty.", valueName: "dir"),
        completion: .directory)
    var to: String
    @Flag(help: "Only what was chosen of each result.") var chosen = false
    @Flag(help: "The photographs themselves, too.") var originals = false
    @Flag(help: "As a BagIt bag, with PREMIS.") var bagit = false
    @Option(help: ArgumentHelp("As IIIF manifests and tiles, to be served from this address.", valueName: "url"))
    var iiif: String?
    @OptionGroup var service: ServiceOptions

    func validate() throws {
        guard !bagit || iiif == nil else { throw ValidationError("--bagit and --iiif are two exports.") }
        guard iiif == nil || !originals else {
            throw ValidationError("--iiif shows colourings alone: originals are no pictures for a browser.")
        }
        if let iiif {
            let url = URL(string: iiif)
            guard let scheme = url?.scheme?.lowercased(), ["http", "https"].contains(scheme), url?.host != nil,
                url?.query == nil, url?.fragment == nil
            else { throw ValidationError("--iiif must be an http or https address.") }
        }
    }

    private var form: Service.Export.Form {
        if bagit { return .bag }
        guard var url = iiif else { return .plain }
        while url.hasSuffix("/") { url.removeLast() }
        return .iiif(url: url)
    }

    func run() throws {
        let export: Service.Export
        do {
            try Vips.start(concurrency: 1)
            export = Service.Export(
                path, as: form, onlyChosen: chosen, originals: originals, configuration: try service.load())
        } catch {
            throw Output.usage(error)
        }
        for problem in export.problems { Output.complain("autochrome: \(problem)") }
        guard export.problems.isEmpty else {
            Output.complain("nothing is exported")
            throw ExitCode(1)
        }
        let interruption = Interruption(message: "stopping; the next run goes on here")
        do {
            let outcome = try export.run(to: to) { if interruption.requested { throw CancellationError() } }
            var parts = ["\(outcome.results) results, \(outcome.pictures) pictures in \(to)"]
            if outcome.unchosen > 0 { parts.append("\(outcome.unchosen) results without a choice left out") }
            if outcome.isOld { parts.append("all there before") }
            Output.complain(parts.joined(separator: "; "))
        } catch is CancellationError {
            throw ExitCode(1)
        } catch FileError.occupied(let path) {
            Output.complain("autochrome: \(path) is there already, and not this export")
            throw ExitCode(2)
        } catch {
            Output.complain(of: error)
            throw ExitCode(1)
        }
    }
}

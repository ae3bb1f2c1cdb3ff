import Colorization
import Digest
import Files
import Foundation

/// What was done to one photograph, as PREMIS 3 for archives: the files, the colouring, and who did it.
struct PremisDocument {
    private static let derivation = (type: "derivation", subType: "has source")

    private let item: ExportItem
    private let folder: RelativePath
    private var pictures: [(picture: ExportItem.Picture, path: RelativePath, bytes: Int64)] = []

    /// - Parameter folder: The result's folder in the bag.
    init(_ item: ExportItem, folder: RelativePath) {
        self.item = item
        self.folder = folder
    }

    mutating func add(_ picture: ExportItem.Picture, at path: RelativePath, bytes: Int64) {
        pictures.append((picture, path, bytes))
    }

    private var metadata: ResultMetadata { item.metadata }
    private var sourceIdentifier: String { "sha256:\(metadata.source.sha256)" }
    private var eventIdentifier: String {
        // The document differs with each colouring.
        "colouring:\(metadata.source.sha256):\(ContentHash(of: item.document.content).short)"
    }

    /// The document.
    ///
    /// - Parameter original: The photograph's place in the bag; nil where it is not in it.
    func text(original: RelativePath?) -> String {
        var root = XMLElement(
            "premis",
            [
                ("xmlns", "http://www.loc.gov/premis/v3"), ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
                ("version", "3.0"),
            ])
        root.add(source(original))
        for (picture, path, bytes) in pictures { root.add(object(picture, path, bytes)) }
        root.add(event)
        root.add(program)
        root.add(model)
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + root.text()
    }

    private func source(_ place: RelativePath?) -> XMLElement {
        var object = XMLElement("object", [("xsi:type", "file")])
        object.add(Self.identifier("object", "SHA-256", sourceIdentifier))
        if let place { object.add(Self.identifier("object", "bag path", "\(place)")) }
        object.add(
            characteristics(
                metadata.source.sha256, bytes: Int64(metadata.source.bytes), format: metadata.source.format))
        object.add("originalName", metadata.source.name)
        object.add(Self.link("linkingEvent", "local", eventIdentifier))
        return object
    }

    private func object(_ picture: ExportItem.Picture, _ path: RelativePath, _ bytes: Int64) -> XMLElement {
        var object = XMLElement("object", [("xsi:type", "file")])
        object.add(Self.identifier("object", "SHA-256", "sha256:\(picture.sha256)"))
        object.add(Self.identifier("object", "bag path", "\(path)"))
        if picture.isChosen {
            var property = XMLElement("significantProperties")
            property.add("significantPropertiesType", "selection")
            property.add("significantPropertiesValue", "chosen by a person among the colourings")
            object.add(property)
        }
        let suffix = String(decoding: path.suffix.dropFirst(), as: UTF8.self)
        object.add(characteristics(picture.sha256.hex, bytes: bytes, format: suffix))
        object.add("originalName", picture.file)
        var relationship = XMLElement("relationship")
        relationship.add("relationshipType", Self.derivation.type)
        relationship.add("relationshipSubType", Self.derivation.subType)
        relationship.add(Self.link("relatedObject", "SHA-256", sourceIdentifier))
        // A picture that was kept comes from an earlier colouring, of which no more is known here.
        if picture.variant != nil { relationship.add(Self.link("relatedEvent", "local", eventIdentifier)) }
        object.add(relationship)
        if picture.variant != nil { object.add(Self.link("linkingEvent", "local", eventIdentifier)) }
        return object
    }

    private func characteristics(_ hash: String, bytes: Int64, format: String) -> XMLElement {
        var characteristics = XMLElement("objectCharacteristics")
        var fixity = XMLElement("fixity")
        fixity.add("messageDigestAlgorithm", "SHA-256")
        fixity.add("messageDigest", hash)
        characteristics.add(fixity)
        characteristics.add("size", "\(bytes)")
        var designation = XMLElement("formatDesignation")
        designation.add("formatName", Self.mediaType(format))
        var element = XMLElement("format")
        element.add(designation)
        characteristics.add(element)
        return characteristics
    }

    private var event: XMLElement {
        var event = XMLElement("event")
        event.add(Self.identifier("event", "local", eventIdentifier))
        event.add("eventType", "creation")
        event.add("eventDateTime", item.time.formatted(Date.ISO8601FormatStyle()))
        let settings = metadata.settings
        var detail = XMLElement("eventDetailInformation")
        detail.add(
            "eventDetail",
            "automatic colouring: \(settings.samples) samples, seed \(settings.seed), temperature "
                + "\(settings.temperature), saturation \(settings.saturation), "
                + "of the mode \(settings.modeSaturation ?? 1)")
        event.add(detail)
        var outcome = XMLElement("eventOutcomeInformation")
        outcome.add("eventOutcome", "success")
        var note = XMLElement("eventOutcomeDetail")
        note.add("eventOutcomeDetailNote", ([ResultMetadata.notice] + metadata.warnings).joined(separator: " "))
        outcome.add(note)
        event.add(outcome)
        event.add(Self.link("linkingAgent", "local", "program", role: "executing program"))
        event.add(Self.link("linkingAgent", "SHA-256", "sha256:\(metadata.model.sha256)", role: "executing program"))
        event.add(Self.link("linkingObject", "SHA-256", sourceIdentifier, role: "source"))
        for (picture, _, _) in pictures where picture.variant != nil {
            event.add(Self.link("linkingObject", "SHA-256", "sha256:\(picture.sha256)", role: "outcome"))
        }
        return event
    }

    private var program: XMLElement {
        var agent = XMLElement("agent")
        agent.add(Self.identifier("agent", "local", "program"))
        agent.add("agentName", metadata.program)
        agent.add("agentType", "software")
        return agent
    }

    private var model: XMLElement {
        var agent = XMLElement("agent")
        agent.add(Self.identifier("agent", "SHA-256", "sha256:\(metadata.model.sha256)"))
        agent.add("agentName", "model \(metadata.model.name), \(metadata.model.preset)")
        agent.add("agentType", "software")
        return agent
    }

    private static func identifier(_ kind: String, _ type: String, _ value: String) -> XMLElement {
        var element = XMLElement("\(kind)Identifier")
        element.add("\(kind)IdentifierType", type)
        element.add("\(kind)IdentifierValue", value)
        return element
    }

    private static func link(_ kind: String, _ type: String, _ value: String, role: String? = nil) -> XMLElement {
        var element = identifier(kind, type, value)
        if let role { element.add("\(kind)Role", role) }
        return element
    }

    /// The media type of a format's name or a file's ending.
    static func mediaType(_ format: String) -> String {
        switch format.lowercased() {
        case "jpg", "jpeg": "image/jpeg"
        case "tif", "tiff": "image/tiff"
        case let other: "image/\(other)"
        }
    }
}

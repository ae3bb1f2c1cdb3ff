/// A variant's statement that its colours are a guess, and which program and model made it.
package struct Disclosure: Sendable, Equatable {
    /// The part of a picture that a program made.
    package enum Content: Sendable, Equatable {
        /// The colours of a photograph.
        case colors
        /// All of it.
        case whole
    }

    /// The program, such as "Autochrome".
    package var program: String
    /// Its version.
    package var version: String
    /// Name of the model.
    package var model: String
    /// SHA-256 of the model's file in hexadecimal.
    package var modelHash: String
    /// The seed the samples were drawn from.
    package var seed: UInt64
    /// Which sample of the set, from 0; nil where a picture shows several, as a contact sheet does.
    package var sample: Int?
    /// The part of the picture that the program made.
    package var content: Content

    package init(
        program: String = "Autochrome", version: String, model: String, modelHash: String, seed: UInt64,
        sample: Int? = nil, content: Content = .colors
    ) {
        self.program = program
        self.version = version
        self.model = model
        self.modelHash = modelHash
        self.seed = seed
        self.sample = sample
        self.content = content
    }

    /// The term of IPTC's vocabulary for a photograph with parts that a trained model made.
    package static let digitalSourceType =
        "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

    /// The same vocabulary's term for a picture that is all made by one.
    static let wholeSourceType = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

    /// The sentence people read.
    package var caption: String {
        let which = sample.map { "sample \($0), " } ?? ""
        let what =
            switch content {
            case .colors: "The colours of this picture are a guess by a computer program, not a record."
            case .whole: "This picture was made by a computer program."
            }
        return "\(what) "
            + "\(program) \(version), model \(model) (\(modelHash.prefix(12))), \(which)seed \(seed)."
    }

    var tool: String { "\(program) \(version)" }

    /// The XMP packet.
    func xmp(dates: CaptureDates) -> String {
        var fields = [
            (
                "Iptc4xmpExt:DigitalSourceType",
                content == .colors ? Self.digitalSourceType : Self.wholeSourceType
            ),
            ("xmp:CreatorTool", tool),
        ]
        if let date = dates.original {
            fields.append(("exif:DateTimeOriginal", CaptureDates.iso(date)))
            fields.append(("photoshop:DateCreated", CaptureDates.iso(date)))
        }
        if let date = dates.digitized { fields.append(("xmp:CreateDate", CaptureDates.iso(date))) }
        if let date = dates.modified { fields.append(("xmp:ModifyDate", CaptureDates.iso(date))) }
        let elements = fields.map { "   <\($0)>\(Self.escaped($1))</\($0)>" }.joined(separator: "\n")
        return """
            <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?>
            <x:xmpmeta xmlns:x="adobe:ns:meta/">
             <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
              <rdf:Description rdf:about=""
                xmlns:dc="http://purl.org/dc/elements/1.1/"
                xmlns:exif="http://ns.adobe.com/exif/1.0/"
                xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
                xmlns:xmp="http://ns.adobe.com/xap/1.0/"
                xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
            \(elements)
               <dc:description>
                <rdf:Alt><rdf:li xml:lang="x-default">\(Self.escaped(caption))</rdf:li></rdf:Alt>
               </dc:description>
              </rdf:Description>
             </rdf:RDF>
            </x:xmpmeta>
            <?xpacket end="r"?>
            """
    }

    /// The caption and the program as records of IPTC's older form (IIM 4.2), in UTF-8.
    func iptc() -> [UInt8] {
        func record(_ record: UInt8, _ dataset: UInt8, _ data: some Collection<UInt8>) -> [UInt8] {
            [0x1C, record, dataset, UInt8(data.count >> 8), UInt8(data.count & 255)] + data
        }
        return record(1, 90, [0x1B, 0x25, 0x47]) + record(2, 0, [0, 4]) + record(2, 65, tool.utf8.prefix(32))
            + record(2, 120, caption.utf8.prefix(2000))
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}

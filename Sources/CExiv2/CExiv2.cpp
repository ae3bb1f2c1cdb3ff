#include "CExiv2.h"

#include <exiv2/exiv2.hpp>

#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

struct ex_record {
    Exiv2::ExifData exif;
    Exiv2::IptcData iptc;
    Exiv2::XmpData xmp;
    bool hasBrokenXMP = false;
    std::string comment, error, text, key, group;
    std::vector<Exiv2::byte> data;
};

namespace {

template <typename Body>
int guarded(ex_record *record, Body body) noexcept {
    try {
        try {
            body();
            return 0;
        } catch (const std::exception &failure) {
            record->error = failure.what();
        } catch (...) {
            record->error = "unknown failure";
        }
    } catch (...) {
        // No memory left for the reason.
    }
    return -1;
}

template <typename Data>
auto at(Data &data, size_t index) -> decltype(data.begin()) {
    auto found = data.begin();
    for (size_t i = 0; i < index && found != data.end(); i++)
        ++found;
    if (found == data.end())
        throw std::out_of_range("no such field");
    return found;
}

void copy(ex_record *record, const Exiv2::Value &value, Exiv2::ByteOrder order) {
    const long size = value.size();
    record->data.assign(size > 0 ? size_t(size) : 0, 0);
    if (!record->data.empty())
        value.copy(record->data.data(), order);
}

/* The first complaint of a read, in place: a process reads one file. */
char complaint[200];

void keep(int level, const char *text) {
    if (level < Exiv2::LogMsg::error || complaint[0])
        return;
    std::strncpy(complaint, text, sizeof complaint - 1);
    if (char *end = std::strchr(complaint, '\n'))
        *end = 0;
}

/* Whether a key is the other one, or a part of it. */
bool lies_within(const std::string &key, const std::string &outer) {
    if (key.compare(0, outer.size(), outer) != 0)
        return false;
    return key.size() == outer.size() || key[outer.size()] == '/' || key[outer.size()] == '[';
}

}  // namespace

extern "C" {

int ex_start(void) {
    try {
        Exiv2::LogMsg::setLevel(Exiv2::LogMsg::error);
        Exiv2::LogMsg::setHandler(keep);
        Exiv2::enableBMFF(true);
        return Exiv2::XmpParser::initialize() ? 0 : -1;
    } catch (...) {
        return -1;
    }
}

ex_record *ex_new(void) {
    try {
        return new ex_record();
    } catch (...) {
        return nullptr;
    }
}

void ex_free(ex_record *record) { delete record; }

const char *ex_error(const ex_record *record) { return record->error.c_str(); }

int ex_read(ex_record *record, const uint8_t *file, size_t size) {
    complaint[0] = 0;
    return guarded(record, [&] {
        auto image = Exiv2::ImageFactory::open(file, long(size));
        image->readMetadata();
        record->exif = image->exifData();
        record->iptc = image->iptcData();
        record->xmp = image->xmpData();
        record->hasBrokenXMP = record->xmp.empty() && !image->xmpPacket().empty();
        if (image->imageType() == Exiv2::ImageType::jpeg)
            record->comment = image->comment();
    });
}

int ex_holds_c2pa(const uint8_t *file, size_t size) {
    // The description of its outermost box begins so.
    static const char name[] = "jumdc2pa";
    return memmem(file, size, name, sizeof name - 1) != nullptr;
}

int ex_has_broken_xmp(const ex_record *record) { return record->hasBrokenXMP; }

const char *ex_complaint(void) { return complaint; }

const char *ex_comment(const ex_record *record) { return record->comment.c_str(); }

size_t ex_exif_count(const ex_record *record) { return size_t(record->exif.count()); }

int ex_exif(ex_record *record, size_t index, ex_field *field) {
    return guarded(record, [&] {
        const auto found = at(record->exif, index);
        record->group = found->groupName();
        record->key = found->key();
        copy(record, found->value(), Exiv2::littleEndian);
        *field = { record->group.c_str(), record->key.c_str(), found->tag(), uint32_t(found->typeId()),
            record->data.data(), record->data.size() };
    });
}

size_t ex_iptc_count(const ex_record *record) { return size_t(record->iptc.count()); }

int ex_iptc(ex_record *record, size_t index, ex_dataset *dataset) {
    return guarded(record, [&] {
        const auto found = at(record->iptc, index);
        copy(record, found->value(), Exiv2::bigEndian);
        *dataset = { found->record(), found->tag(), record->data.data(), record->data.size() };
    });
}

int ex_iptc_replace(ex_record *record, const uint8_t *block, size_t size) {
    return guarded(record, [&] {
        record->iptc.clear();
        if (Exiv2::IptcParser::decode(record->iptc, block, uint32_t(size)) != 0)
            throw std::runtime_error("the IPTC cannot be read");
    });
}

size_t ex_xmp_count(const ex_record *record) { return size_t(record->xmp.count()); }

const char *ex_xmp_key(ex_record *record, size_t index) {
    const int status = guarded(record, [&] { record->key = at(record->xmp, index)->key(); });
    return status == 0 ? record->key.c_str() : nullptr;
}

const char *ex_xmp_text(ex_record *record, const char *key) {
    bool isThere = false;
    guarded(record, [&] {
        const auto found = record->xmp.findKey(Exiv2::XmpKey(key));
        if (found == record->xmp.end())
            return;
        record->text = found->toString();
        isThere = true;
    });
    return isThere ? record->text.c_str() : nullptr;
}

int ex_xmp_set(ex_record *record, const char *key, ex_kind kind, const char *text) {
    return guarded(record, [&] {
        const Exiv2::XmpKey name(key);
        const auto old = record->xmp.findKey(name);
        if (old != record->xmp.end())
            record->xmp.erase(old);
        if (kind == EX_LANGUAGES) {
            const Exiv2::LangAltValue value(text);
            record->xmp.add(name, &value);
            return;
        }
        Exiv2::XmpTextValue value(kind == EX_TEXT ? text : "");
        switch (kind) {
        case EX_STRUCT: value.setXmpStruct(Exiv2::XmpValue::xsStruct); break;
        case EX_SEQ: value.setXmpArrayType(Exiv2::XmpValue::xaSeq); break;
        case EX_BAG: value.setXmpArrayType(Exiv2::XmpValue::xaBag); break;
        default: break;
        }
        record->xmp.add(name, &value);
    });
}

int ex_xmp_move(ex_record *record, const char *from, const char *to) {
    return guarded(record, [&] {
        const std::string outer(from);
        Exiv2::XmpData moved;
        for (const auto &property : record->xmp) {
            const std::string key = property.key();
            if (lies_within(key, outer))
                moved.add(Exiv2::XmpKey(to + key.substr(outer.size())), &property.value());
        }
        for (auto property = record->xmp.begin(); property != record->xmp.end();)
            property = lies_within(property->key(), outer) ? record->xmp.erase(property) : property + 1;
        for (const auto &property : moved)
            record->xmp.add(property);
    });
}

int ex_xmp_remove(ex_record *record, const char *key) {
    return guarded(record, [&] {
        for (auto property = record->xmp.begin(); property != record->xmp.end();)
            property = lies_within(property->key(), key) ? record->xmp.erase(property) : property + 1;
    });
}

int ex_xmp_add_iptc(ex_record *record) {
    return guarded(record, [&] {
        Exiv2::XmpData converted;
        Exiv2::copyIptcToXmp(record->iptc, converted, "UTF-8");
        for (const auto &property : converted)
            if (record->xmp.findKey(Exiv2::XmpKey(property.key())) == record->xmp.end())
                record->xmp.add(property);
    });
}

const char *ex_xmp_packet(ex_record *record) {
    const int status = guarded(record, [&] {
        const int code = Exiv2::XmpParser::encode(record->text, record->xmp,
            Exiv2::XmpParser::useCompactFormat | Exiv2::XmpParser::omitPacketWrapper, 0);
        if (code != 0)
            throw std::runtime_error("the XMP cannot be written");
    });
    return status == 0 ? record->text.c_str() : nullptr;
}

}  // extern "C"

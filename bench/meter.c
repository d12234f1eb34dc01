/*
 * SPDX-License-Identifier: MIT
 *
 * A tool of Valgrind: the instructions of a program, and the bytes of pixels that they have stored.
 *
 * A copy is seen by its content, wherever it is made from and to: the program fills the image with
 * one byte, and each store is looked at once it is done. What is no whole word of that byte is no
 * pixel; a word that comes byte by byte counts with its last. Stores by the kernel are not seen.
 */

#include "pub_tool_basics.h"
#include "pub_tool_libcassert.h"
#include "pub_tool_libcbase.h"
#include "pub_tool_libcprint.h"
#include "pub_tool_machine.h"
#include "pub_tool_threadstate.h"
#include "pub_tool_tooliface.h"

#include "meter.h"

#define MOST_THREADS 500
#define WORD         4u

/** Whose work a thread does. */
static struct {
   Bool foreign; /**< made by what is not the program */
   Int paused;
} threads[MOST_THREADS];

static Bool running;
static UChar pixel;
static ULong instructions, pixel_bytes;

static Bool
counts(void)
{
   const ThreadId tid = VG_(get_running_tid)();

   return running && tid < MOST_THREADS && !threads[tid].foreign && !threads[tid].paused;
}

static VG_REGPARM(1) void
count_instructions(UWord number)
{
   if (counts())
      instructions += number;
}

static VG_REGPARM(2) void
look_at_store(Addr address, SizeT size)
{
   if (!counts())
      return;
   if (size < WORD) {
      if ((address + size) % WORD)
         return;
      address = address + size - WORD;
      size = WORD;
   }
   for (const UChar *word = (const UChar *)address; size >= WORD; word += WORD, size -= WORD) {
      SizeT same = 0;

      while (same < WORD && word[same] == pixel)
         same++;
      if (same == WORD)
         pixel_bytes += WORD;
   }
}

static void
call(IRSB *out, IRDirty *dirty, IRExpr *guard)
{
   if (guard)
      dirty->guard = guard;
   addStmtToIRSB(out, IRStmt_Dirty(dirty));
}

static void
add_count(IRSB *out, UWord *number)
{
   if (*number) {
      call(out,
           unsafeIRDirty_0_N(1, "count_instructions", VG_(fnptr_to_fnentry)(count_instructions),
                             mkIRExprVec_1(mkIRExpr_HWord(*number))),
           NULL);
   }
   *number = 0;
}

static void
add_look(IRSB *out, IRExpr *address, Int size, IRExpr *guard)
{
   call(out, unsafeIRDirty_0_N(2, "look_at_store", VG_(fnptr_to_fnentry)(look_at_store),
                               mkIRExprVec_2(address, mkIRExpr_HWord(size))), guard);
}

static IRSB *
instrument(VgCallbackClosure *closure, IRSB *in, const VexGuestLayout *layout,
           const VexGuestExtents *extents, const VexArchInfo *arch, IRType guest_word,
           IRType host_word)
{
   IRSB *out = deepCopyIRSBExceptStmts(in);
   UWord number = 0;

   for (Int i = 0; i < in->stmts_used; i++) {
      IRStmt *statement = in->stmts[i];

      if (!statement || statement->tag == Ist_NoOp)
         continue;
      /* The instruction that leaves the block counts, those behind it do not. */
      if (statement->tag == Ist_Exit)
         add_count(out, &number);
      addStmtToIRSB(out, statement);
      switch (statement->tag) {
      case Ist_IMark:
         number++;
         break;
      case Ist_Store:
         add_look(out, statement->Ist.Store.addr,
                  sizeofIRType(typeOfIRExpr(in->tyenv, statement->Ist.Store.data)), NULL);
         break;
      case Ist_StoreG: {
         const IRStoreG *store = statement->Ist.StoreG.details;

         add_look(out, store->addr, sizeofIRType(typeOfIRExpr(in->tyenv, store->data)),
                  store->guard);
         break;
      }
      case Ist_CAS: {
         const IRCAS *cas = statement->Ist.CAS.details;
         const Int size = sizeofIRType(typeOfIRExpr(in->tyenv, cas->dataLo));

         add_look(out, cas->addr, cas->dataHi ? 2 * size : size, NULL);
         break;
      }
      case Ist_Dirty: {
         const IRDirty *dirty = statement->Ist.Dirty.details;

         if (dirty->mFx == Ifx_Write || dirty->mFx == Ifx_Modify)
            add_look(out, dirty->mAddr, dirty->mSize, dirty->guard);
         break;
      }
      default:
         break;
      }
   }
   add_count(out, &number);
   return out;
}

static Bool
request(ThreadId tid, UWord *arguments, UWord *result)
{
   if (!VG_IS_TOOL_USERREQ('z', 'c', arguments[0]))
      return False;
   tl_assert(tid < MOST_THREADS);
   *result = 0;
   switch (arguments[0]) {
   case METER_START:
      instructions = pixel_bytes = 0;
      pixel = arguments[1];
      running = True;
      break;
   case METER_STOP:
      running = False;
      break;
   case METER_PAUSE:
      threads[tid].paused++;
      break;
   case METER_RESUME:
      threads[tid].paused--;
      break;
   case METER_INSTRUCTIONS:
      *result = instructions;
      break;
   case METER_PIXEL_BYTES:
      *result = pixel_bytes;
      break;
   default:
      return False;
   }
   return True;
}

static void
thread_created(ThreadId parent, ThreadId child)
{
   tl_assert(parent < MOST_THREADS && child < MOST_THREADS);
   threads[child].foreign = threads[parent].foreign || threads[parent].paused;
   threads[child].paused = 0;
}

static void
initialised(void)
{
}

static void
ended(Int status)
{
}

static void
described(void)
{
   VG_(details_name)("meter");
   VG_(details_version)(NULL);
   VG_(details_description)("counts the pixels that are copied");
   VG_(details_copyright_author)("MIT");
   VG_(details_bug_reports_to)("bench/meter.c");
   VG_(basic_tool_funcs)(initialised, instrument, ended);
   VG_(needs_client_requests)(request);
   VG_(track_pre_thread_ll_create)(thread_created);
}

VG_DETERMINE_INTERFACE_VERSION(described)
